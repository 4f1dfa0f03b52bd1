public import TraceModel

/// One wait of a task for a CPU: from being woken or preempted to running.
public struct RunQueueWait: Hashable, Sendable {
  /// Why the task had to wait.
  public enum Cause: String, Hashable, Sendable {
    /// It slept and was woken.
    case woken
    /// It lost the CPU while it still wanted it.
    case preempted
    /// It is new: its first wait.
    case new
  }

  /// The task, by the name of the event that let it run.
  public var task: TaskIdentity
  /// Its priority when it got the CPU.
  public var priority: KernelPriority
  /// The CPU that it got.
  public var cpu: Int
  /// The wait; its length is never negative, also where two CPUs' clocks disagree.
  public var span: TimeSpan
  /// When it stood on a run queue, where sched_wakeup was recorded; other tools count from here.
  public var enqueued: Nanoseconds?
  /// Why it waited.
  public var cause: Cause
  /// Who woke it, nil for a preempted task.
  public var waker: Waker?
  /// What used the CPU meanwhile, in order of first appearance.
  public var behind: [BehindEntry]
  /// How often it was moved to another CPU while it waited.
  public var migrations: Int

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    task: TaskIdentity, priority: KernelPriority, cpu: Int, span: TimeSpan,
    enqueued: Nanoseconds? = nil, cause: Cause, waker: Waker?, behind: [BehindEntry],
    migrations: Int = 0
  ) {
    self.task = task
    self.priority = priority
    self.cpu = cpu
    self.span = span
    self.enqueued = enqueued
    self.cause = cause
    self.waker = waker
    self.behind = behind
    self.migrations = migrations
  }

  /// The wait's length.
  public var latency: Nanoseconds { span.length }

  /// The time that no event explains: the CPU was idle, or the history does not reach back far
  /// enough.
  public var unexplained: Nanoseconds {
    behind.reduce(latency) { $1.kind == .unknown ? $0 : $0 - $1.net }
  }
}

/// Who or what called for a task.
public struct Waker: Hashable, Sendable {
  /// In what context it called.
  public enum Context: Hashable, Sendable {
    /// The task itself.
    case task
    /// An interrupt on top of the task; the name of its handler or vector, empty where it is not
    /// known.
    case interrupt(String)
    /// A softirq on top of the task or in ksoftirqd; the vector's name.
    case softirq(String)
  }

  /// The task that was current; in an interrupt only its host.
  public var task: TaskIdentity
  /// In what context.
  public var context: Context

  /// Memberwise.
  public init(task: TaskIdentity, context: Context) {
    self.task = task
    self.context = context
  }

  /// The waker in words: a task, or the interrupt that did it.
  public var text: String {
    switch context {
    case .task: task.text
    case .interrupt(let name): name.isEmpty ? "an interrupt" : "interrupt \(name)"
    case .softirq(let name): name.isEmpty ? "a softirq" : "softirq \(name)"
    }
  }

  /// Whether a timer's expiry called.
  public var isTimer: Bool {
    switch context {
    case .task: false
    case .interrupt(let name): name == "local_timer" || name.contains("timer")
    case .softirq(let name): name == "TIMER" || name == "HRTIMER"
    }
  }
}

/// One user of the CPU during a wait, all its turns together.
public struct BehindEntry: Hashable, Sendable {
  /// What it is.
  public enum Kind: String, Hashable, Sendable {
    case task, irq, softirq, idle
    /// Another work item, by its function.
    case work
    /// Several tasks with little time each.
    case others
    /// Time before the recorded history.
    case unknown
  }

  /// What it is.
  public var kind: Kind
  /// Name of the task, the handler, the vector (after it the function, where it was recorded) or
  /// the work's function.
  public var name: String
  /// Thread id, irq number or softirq vector; 0 for the rest.
  public var pid: Int32
  /// Its own time in the wait, what ran on top of it taken off.
  public var net: Nanoseconds
  /// Its turns; for `others` how many tasks it stands for.
  public var count: Int

  /// Memberwise.
  public init(kind: Kind, name: String, pid: Int32, net: Nanoseconds, count: Int) {
    self.kind = kind
    self.name = name
    self.pid = pid
    self.net = net
    self.count = count
  }

  /// `comm-tid`, `irq handler`, `softirq VECTOR`.
  public var text: String {
    switch kind {
    case .task: TaskIdentity(pid: pid, comm: name).text
    case .irq: "irq \(name)"
    case .softirq: "softirq \(name)"
    case .work: name
    case .idle: "<idle>"
    case .others: "\(count) others"
    case .unknown: "(not recorded)"
    }
  }
}
