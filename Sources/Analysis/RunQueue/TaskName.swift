internal import TraceModel

/// A task's name as the 16 bytes that the kernel keeps (`TASK_COMM_LEN`): cheap to carry and to
/// compare.
@frozen public struct TaskName: Hashable, Sendable {
  /// Bytes 0...7, the first in the lowest bits.
  public var low: UInt64
  /// Bytes 8...15.
  public var high: UInt64

  /// The name that nobody reported.
  public static let none = TaskName(low: 0, high: 0)

  /// Makes a name of its bytes; zeros follow its end.
  @inlinable public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// The first 15 bytes of a text.
  public init(_ text: some StringProtocol) {
    low = 0
    high = 0
    for (index, byte) in text.utf8.prefix(15).enumerated() {
      if index < 8 {
        low |= UInt64(byte) << UInt64(index * 8)
      } else {
        high |= UInt64(byte) << UInt64(index * 8 - 64)
      }
    }
  }

  /// Whether there is no name.
  @inlinable public var isEmpty: Bool { low == 0 }

  /// The name as text; bytes that are not UTF-8 are replaced.
  public var text: String { PackedComm.text(low, high) }
}

extension TaskName {
  private static let kworker = TaskName("kworker/").low
  private static let ksoftirqd = TaskName("ksoftirqd").low

  /// Whether the task does the work of others: a kworker or ksoftirqd. Both prefixes have eight
  /// bytes.
  var isWorker: Bool { low == Self.kworker || low == Self.ksoftirqd }
}
