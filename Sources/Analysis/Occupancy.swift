public import TraceModel

/// Who used a CPU.
public enum Occupant: Hashable, Sendable {
  /// A task, with the priority that the scheduler's events gave it.
  case task(TaskIdentity, KernelPriority?)
  /// The idle task.
  case idle
  /// A device interrupt's handler.
  case irq(number: Int32, handler: String)
  /// An architecture interrupt vector (`local_timer`).
  case vector(String)
  /// A softirq vector.
  case softirq(UInt32)
  /// An NMI handler.
  case nmi(String)

  /// `task`, `irq`, `softirq`, `nmi` or `idle`.
  public var kind: String {
    switch self {
    case .task: "task"
    case .idle: "idle"
    case .irq, .vector: "irq"
    case .softirq: "softirq"
    case .nmi: "nmi"
    }
  }

  /// `comm-pid`, `irq/NUMBER handler`, the vector's or the handler's name.
  public var name: String {
    switch self {
    case .task(let task, _): task.text
    case .idle: "<idle>"
    case .irq(let number, let handler): "irq/\(number) \(handler)"
    case .vector(let name): name
    case .softirq(let vector): SoftirqVector.name(of: vector)
    case .nmi(let handler): handler
    }
  }
}

/// A stretch of time in which one occupant had a CPU for itself.
public struct Slice: Hashable, Sendable {
  /// From when to when.
  public var span: TimeSpan
  /// Who ran on top of all others.
  public var occupant: Occupant
  /// The task below, which ran or was interrupted.
  public var task: TaskIdentity

  /// Memberwise.
  public init(span: TimeSpan, occupant: Occupant, task: TaskIdentity) {
    self.span = span
    self.occupant = occupant
    self.task = task
  }
}

/// The net time of one occupant in a window.
public struct RanEntry: Hashable, Sendable {
  /// Who.
  public var occupant: Occupant
  /// Its own time, what ran on top of it taken off.
  public var net: Nanoseconds
  /// How often it began in the window (1 for what was there at its start).
  public var count: Int

  /// Memberwise.
  public init(occupant: Occupant, net: Nanoseconds, count: Int) {
    self.occupant = occupant
    self.net = net
    self.count = count
  }
}
