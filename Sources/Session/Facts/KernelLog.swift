/// The kernel's log, read from /dev/kmsg without waiting.
public struct KernelLog: Hashable, Sendable {
  /// The messages, oldest first, without their prefixes.
  public var lines: [String]

  /// The line that the kernel writes once when it stops real-time tasks.
  public static let throttling = "RT throttling activated"

  /// Reads the log; nil where it is not to be had (EPERM with dmesg_restrict).
  public init?(_ files: SystemFiles) {
    guard let text = files.text("/dev/kmsg", limit: 8 << 20) else { return nil }
    self.init(records: text)
  }

  /// Takes records of the form `level,sequence,time,flags;message`; lines that begin with a blank belong
  /// to the record before them and are left out.
  init(records text: String) {
    lines = SystemFiles.lines(text).compactMap { line in
      guard line.first != " ", let end = line.firstIndex(of: ";") else { return nil }
      return String(line[line.index(after: end)...])
    }
  }

  /// Whether the throttling line is in the log.
  public var hasThrottling: Bool { lines.contains { $0.contains(Self.throttling) } }
}
