/// The name of a trace instance of ours: `breaktrace.<pid>.<start time>`, with `.<suffix>` for a
/// second one.
public struct InstanceName: Hashable, Sendable {
  /// The process that made the instance.
  public var run: RunIdentity
  /// What distinguishes several instances of a run: letters, digits, `-`, `_`; nil for the first.
  public var suffix: String?

  /// The word in front.
  public static let prefix = "breaktrace"
  /// Suffix of the instance in which a latency tracer runs.
  public static let tracerSuffix = "tracer"
  /// Suffix of the instance in which tracers are tried.
  public static let probeSuffix = "probe"

  /// Makes a name; a suffix with other characters is taken as nil.
  public init(run: RunIdentity, suffix: String? = nil) {
    self.run = run
    self.suffix = suffix.flatMap { Self.isSuffix($0) ? $0 : nil }
  }

  /// Reads a name back; nil where the text is not one of ours.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 || parts.count == 4, parts[0] == Self.prefix,
      let pid = Self.number(parts[1]).flatMap(Int32.init(exactly:)), pid > 0,
      let start = Self.number(parts[2])
    else { return nil }
    if parts.count == 4 {
      guard Self.isSuffix(parts[3]) else { return nil }
      suffix = String(parts[3])
    } else {
      suffix = nil
    }
    run = RunIdentity(pid: pid, startTime: start)
  }

  /// The directory's name.
  public var text: String {
    "\(Self.prefix).\(run.pid).\(run.startTime)\(suffix.map { ".\($0)" } ?? "")"
  }

  private static func number(_ text: some StringProtocol) -> UInt64? {
    // A name that we did not write (leading zero or sign) is not ours.
    guard let value = UInt64(text), String(value) == String(text) else { return nil }
    return value
  }

  private static func isSuffix(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == 45 || byte == 95
      }
  }
}
