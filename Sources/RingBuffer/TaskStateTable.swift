public import TraceModel

/// What the numbers in sched_switch's `prev_state` mean on the kernel that wrote them.
public struct TaskStateTable: Hashable, Sendable {
  /// The letters by bits, as the event's own print format reports them.
  public let letters: ValueTable
  /// The bit of a task that was preempted (`R+`); 0 where the kernel has none.
  public let preemptedBits: UInt64

  init(_ format: PrintFormat) {
    letters = format.tables["prev_state"] ?? Self.current
    preemptedBits =
      format.plusBits["prev_state"] ?? (format.tables["prev_state"] == nil ? 0x100 : 0)
  }

  /// The letters since 4.14 (include/linux/sched.h), for a format whose print line reports none.
  private static let current = ValueTable(
    kind: .flags(delimiter: "|"), mask: 0xff,
    entries: zip(
      [1, 2, 4, 8, 16, 32, 64, 128], ["S", "D", "T", "t", "X", "Z", "P", "I"]
    ).map { ValueTable.Entry(value: $0, name: $1) })

  /// Whether a task of that state still wanted the CPU.
  @inlinable public func isRunnable(_ state: Int64) -> Bool {
    let bits = UInt64(bitPattern: state)
    return bits & preemptedBits != 0 || bits & letters.mask == 0
  }

  /// The state that a number stands for.
  public func state(_ number: Int64) -> TaskState {
    let bits = UInt64(bitPattern: number)
    if bits & preemptedBits != 0 { return .preempted }
    if bits & letters.mask == 0 { return .runnable }
    return .blocked(letters.text(bits) ?? "?")
  }
}
