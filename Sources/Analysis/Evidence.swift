public import TraceModel

/// One event, counter or setting that speaks for a finding.
public struct Evidence: Hashable, Sendable {
  /// When; nil for a counter or a setting.
  public var time: Nanoseconds?
  /// The CPU; nil for what holds for the whole machine.
  public var cpu: Int?
  /// The event's name, or the file of a counter.
  public var event: String
  /// What it says.
  public var text: String
  /// The event's position in its source.
  public var position: UInt64?

  /// Makes evidence from an event of the trace.
  init(_ event: TraceEvent, note: String = "") {
    let text = event.text
    self.time = event.time
    self.cpu = event.cpu
    let system = event.payload.system
    self.event = (system.isEmpty ? "" : system + ":") + event.payload.name
    self.text = note.isEmpty ? text : text + " (\(note))"
    self.position = event.position
  }

  /// Each event once, in order of time, with what was said of it first; what has no time comes
  /// last.
  static func once(_ all: [Evidence]) -> [Evidence] {
    var seen: Set<[UInt64]> = []
    return all.filter { item in
      guard let time = item.time, let position = item.position else { return true }
      return seen.insert([
        UInt64(bitPattern: time.count), position, UInt64(bitPattern: Int64(item.cpu ?? 0)),
      ]).inserted
    }.enumerated().sorted {
      ($0.element.time ?? Nanoseconds(.max), $0.offset)
        < ($1.element.time ?? Nanoseconds(.max), $1.offset)
    }.map(\.element)
  }

  /// Makes evidence from a counter or setting.
  init(source: String, text: String, cpu: Int? = nil) {
    self.time = nil
    self.cpu = cpu
    self.event = source
    self.text = text
    self.position = nil
  }
}
