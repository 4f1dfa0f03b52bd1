/// The scheduling policies of sched(7).
public enum SchedulingPolicy: String, Hashable, Sendable, CaseIterable {
  case other, fifo, rr, batch, idle, deadline

  /// The number of the policy in `sched_setscheduler(2)` (SCHED_OTHER is 0).
  public var number: Int32 {
    switch self {
    case .other: 0
    case .fifo: 1
    case .rr: 2
    case .batch: 3
    case .idle: 5
    case .deadline: 6
    }
  }

  /// The policy of a number that the kernel gave, or nil for one that is not known.
  public init?(number: Int32) {
    guard let policy = Self.allCases.first(where: { $0.number == number }) else { return nil }
    self = policy
  }

  /// Whether a priority from 1 to 99 belongs to the policy.
  public var isRealtime: Bool { self == .fifo || self == .rr }
}

/// A priority as the kernel's scheduler events print it: smaller is more urgent.
///
/// -1 is a deadline task, 0...98 are real-time (99 - the user's priority), 99 the kernel's highest
/// normal border, 100...139 are nice values; 140 was the idle task's before Linux 2.6.31. Any other
/// number is not known: kernels of some vendors pack other values into the field. It is neither
/// above nor below another.
public struct KernelPriority: Hashable, Comparable, Sendable {
  /// The number in the events' `prio` fields.
  public var value: Int32

  /// Makes a priority from an event's field.
  @inlinable public init(_ value: Int32) { self.value = value }

  /// The priority of a task of which none was reported.
  public static let unknown = KernelPriority(.max)

  /// Whether a kernel gives this number to a task.
  @inlinable public var isKnown: Bool { value >= -1 && value <= 140 }

  /// The priority, nil where it is not known.
  @inlinable public var known: KernelPriority? { isKnown ? self : nil }

  /// The priority of a thread of `policy` with the user's priority `priority` (1...99, ignored for
  /// policies that have none).
  public init(policy: SchedulingPolicy, priority: Int32, nice: Int32 = 0) {
    switch policy {
    case .fifo, .rr: value = 99 - min(max(priority, 0), 99)
    case .deadline: value = -1
    case .other, .batch, .idle: value = 120 + min(max(nice, -20), 19)
    }
  }

  /// Whether the priority is that of a FIFO, RR or deadline task (or of one boosted to it).
  @inlinable public var isRealtime: Bool { value < 100 && value >= -1 }

  /// The priority as a user names it: `rt 80`, `deadline`, `nice 0`, `unknown`.
  public var text: String {
    guard isKnown else { return "unknown" }
    if value < 0 { return "deadline" }
    if value < 100 { return "rt \(99 - value)" }
    return "nice \(value - 120)"
  }

  /// Whether `a` is chosen by the scheduler before `b`.
  @inlinable public static func < (a: KernelPriority, b: KernelPriority) -> Bool {
    a.value < b.value
  }

  /// Whether this one is chosen by the scheduler before `other`; false where either is not known.
  @inlinable public func outranks(_ other: KernelPriority) -> Bool {
    isKnown && other.isKnown && value < other.value
  }
}
