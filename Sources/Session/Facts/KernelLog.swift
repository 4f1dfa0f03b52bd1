import Glibc

/// The kernel's log, read from /dev/kmsg without waiting.
public struct KernelLog: Hashable, Sendable {
  /// The messages, oldest first, without their prefixes.
  public var lines: [String]
  /// The number that the kernel gave each message; they grow, with holes where messages were
  /// overwritten.
  private var sequences: [UInt64]

  /// The line that the kernel writes once when it stops real-time tasks.
  public static let throttling = "RT throttling activated"

  /// Reads the log; nil if it is not available (EPERM with dmesg_restrict).
  public init?(_ files: SystemFiles) {
    guard let text = files.text("/dev/kmsg", limit: 8 << 20) else { return nil }
    self.init(records: text)
  }

  /// Takes records of the form `level,sequence,time,flags;message`; lines that begin with a blank
  /// belong to the record before them and are left out.
  init(records text: String) {
    lines = []
    sequences = []
    for line in SystemFiles.lines(text) {
      guard line.first != " ", let end = line.firstIndex(of: ";") else { continue }
      lines.append(String(line[line.index(after: end)...]))
      let fields = line[..<end].split(separator: ",", maxSplits: 2)
      sequences.append(fields.count > 1 ? UInt64(fields[1]) ?? 0 : 0)
    }
  }

  /// Whether the throttling line is in the log after number `sequence`.
  public func hasThrottling(after sequence: UInt64) -> Bool {
    zip(lines, sequences).contains { $0.contains(Self.throttling) && $1 > sequence }
  }

  /// The number of the last message, nil for an empty log.
  public var lastSequence: UInt64? { sequences.last }

  /// The last message after number `sequence` that says that a clocksource was found wanting or was
  /// changed; nil where there is none.
  public func clockTrouble(after sequence: UInt64) -> String? {
    for (line, number) in zip(lines, sequences).reversed() where number > sequence {
      if Self.clockPhrases.contains(where: line.contains) { return line }
    }
    return nil
  }

  /// What kernel/time/clocksource.c, timekeeping.c and arch/x86/kernel/tsc.c write.
  private static let clockPhrases = [
    "as unstable because", "Marking TSC unstable", "Switched to clocksource",
    "timekeeping watchdog on CPU", "Override clocksource", "clocksource-wd-read-back delay",
    "clock skew",
  ]
}
