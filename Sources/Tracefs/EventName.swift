/// An event by its system and its name, as `sched:sched_switch`.
public struct EventName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The system: the directory below `events`.
  public var system: String
  /// The event: the directory below its system.
  public var name: String

  /// Memberwise.
  public init(_ system: String, _ name: String) {
    self.system = system
    self.name = name
  }

  /// Reads `system:name`; nil where the text is not one.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    self.init(String(parts[0]), String(parts[1]))
  }

  /// `system:name`, as in `available_events` and `set_event`.
  public var description: String { "\(system):\(name)" }

  /// Its directory below a tracefs or an instance.
  public var path: String { "events/\(system)/\(name)" }

  /// Order by system, then by name.
  public static func < (a: EventName, b: EventName) -> Bool {
    (a.system, a.name) < (b.system, b.name)
  }
}
