public import TraceModel

/// The counters of one CPU's buffer: `per_cpu/cpuN/stats`.
public struct CPUBufferStatistics: Hashable, Sendable {
  /// The CPU.
  public var cpu: Int
  /// Events in the buffer.
  public var entries: UInt64
  /// Events that were overwritten before they were read.
  public var overrun: UInt64
  /// Events lost because an interrupting writer met a full buffer.
  public var commitOverrun: UInt64
  /// Bytes in the buffer.
  public var bytes: UInt64
  /// Stamp of the oldest event on the trace clock, us exact; nil for an empty buffer or a clock
  /// that does not count ns.
  public var oldestEvent: Nanoseconds?
  /// The trace clock at the reading, us exact; nil for a clock that does not count ns.
  public var now: Nanoseconds?
  /// Events dropped because overwriting was off.
  public var dropped: UInt64
  /// Events that were read.
  public var read: UInt64

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    cpu: Int, entries: UInt64 = 0, overrun: UInt64 = 0, commitOverrun: UInt64 = 0,
    bytes: UInt64 = 0, oldestEvent: Nanoseconds? = nil, now: Nanoseconds? = nil,
    dropped: UInt64 = 0, read: UInt64 = 0
  ) {
    self.cpu = cpu
    self.entries = entries
    self.overrun = overrun
    self.commitOverrun = commitOverrun
    self.bytes = bytes
    self.oldestEvent = oldestEvent
    self.now = now
    self.dropped = dropped
    self.read = read
  }

  /// Reads the text of a `stats` file; lines that are missing leave their value at 0 or nil.
  public init(cpu: Int, text: String) {
    self.init(cpu: cpu)
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = trimmed(line[line.index(after: colon)...])
      switch line[..<colon] {
      case "entries": entries = UInt64(value) ?? 0
      case "overrun": overrun = UInt64(value) ?? 0
      case "commit overrun": commitOverrun = UInt64(value) ?? 0
      case "bytes": bytes = UInt64(value) ?? 0
      case "oldest event ts": oldestEvent = Self.seconds(value)
      case "now ts": now = Self.seconds(value)
      case "dropped events": dropped = UInt64(value) ?? 0
      case "read events": read = UInt64(value) ?? 0
      default: break
      }
    }
    if entries == 0 { oldestEvent = nil }
  }

  /// Events that are missing in the buffer for any reason but reading.
  public var lost: UInt64 {
    let (sum, overflow) = overrun.addingReportingOverflow(commitOverrun)
    let (total, overflowed) = sum.addingReportingOverflow(dropped)
    return overflow || overflowed ? .max : total
  }

  /// `seconds.microseconds`; a plain number is a clock that does not count ns.
  private static func seconds(_ text: String) -> Nanoseconds? {
    let parts = text.split(separator: ".")
    guard parts.count == 2, parts[1].utf8.count == 6, let whole = Int64(parts[0]),
      let part = Int64(parts[1])
    else { return nil }
    let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? nil : Nanoseconds(scaled) + Nanoseconds(microseconds: part)
  }
}
