internal import Analysis
public import TraceModel

/// What can be late in a trace.
public enum LatenessKind: Int, CaseIterable, Hashable, Sendable {
  /// Woken to running.
  case wakeup
  /// Preempted to running again.
  case preempted
  /// Uninterruptible sleep to its wakeup.
  case blocked
  /// A softirq was raised to it was run.
  case softirq
  /// An inter-processor interrupt was sent to it was handled.
  case call
  /// A work item was queued to it was started.
  case work
  /// A timer was due to it expired.
  case timer
  /// A hard interrupt's handler, from entry to exit.
  case handler
  /// A softirq, from entry to exit.
  case softirqRun
  /// One device's interrupts, one after the other.
  case storm
  /// Interrupts were disabled to they were enabled.
  case irqsOff
  /// Preemption was disabled to it was enabled.
  case preemptOff
  /// A line of the function tracer to the next event of the same task.
  case stretch

  /// The kind in the words of a list.
  public var text: String {
    switch self {
    case .wakeup: "woken, not running"
    case .preempted: "preempted"
    case .blocked: "blocked"
    case .softirq: "softirq pending"
    case .call: "cross-CPU call"
    case .work: "work queued"
    case .timer: "timer overdue"
    case .handler: "interrupt handler"
    case .softirqRun: "softirq running"
    case .storm: "interrupt storm"
    case .irqsOff: "IRQs disabled"
    case .preemptOff: "preemption disabled"
    case .stretch: "in a function"
    }
  }

  /// What such a stretch takes on a machine that nobody complains of, for a real-time task or any
  /// other.
  ///
  /// A trace of a few lines has no usual lengths. A softirq is real-time in this sense where it was
  /// left to its thread.
  func usual(isRealtime: Bool) -> Nanoseconds {
    let microseconds: Int64 =
      switch self {
      case .wakeup: isRealtime ? 10 : 1_000
      case .preempted: isRealtime ? 200 : 4_000
      case .blocked: isRealtime ? 1_000 : 20_000
      case .softirq: isRealtime ? 200 : 1_000
      case .call: 100
      case .work: 2_000
      case .timer: isRealtime ? 20 : 500
      case .handler: 100
      case .softirqRun: 2_000
      case .storm: 1_000
      case .irqsOff: 50
      case .preemptOff: 200
      case .stretch: 200
      }
    return Nanoseconds(microseconds: microseconds)
  }
}

/// One stretch of a trace that was late, as a search found it.
public struct LatenessCandidate: Hashable, Sendable {
  /// What it is.
  public var kind: LatenessKind
  /// From when to when.
  public var span: TimeSpan
  /// The CPU on which it ended.
  public var cpu: Int
  /// Who waited; the idle task where nobody is known.
  public var victim: TaskIdentity
  /// The victim's kernel priority.
  public var priority: KernelPriority
  /// A vector, a handler, a function; empty where the kind needs none.
  public var what = ""
  /// The other CPU: the sender's of a call, the waker's of a wakeup.
  public var origin = -1
  /// The number after `what`: a vector, an interrupt.
  public var number: Int64 = 0
  /// How many there were of it: interrupts of a storm.
  public var count: UInt64 = 1
  /// The part of its time that a CPU was busy with it, in per mille; of a storm.
  public var busy: Int64 = 0
  /// Whether nothing of its kind was seen to end on its CPU before: in a long trace it may have
  /// ended unrecorded.
  public var isFirst = false
  /// Whether a softirq was left to its thread.
  public var isThread = false
  /// Whether it had not ended when the trace did.
  public var isOpen = false
  /// When the thread was woken, where `span` begins with its timer's expiry.
  public var waking: Nanoseconds?
  /// The median of its kind in this trace, nil where there are too few.
  public var typical: Nanoseconds?
  /// What nine of ten of its kind do not exceed, nil where there are too few.
  public var upper: Nanoseconds?

  /// Whether the victim is a real-time or deadline task.
  public var isRealtime: Bool { priority.isKnownRealtime }

  /// How long it took.
  public var length: Nanoseconds { span.length }

  /// How much longer than usual it is: what a person would ask about first is the largest.
  public var severity: Double {
    var usual = kind.usual(isRealtime: isRealtime || isThread)
    if let typical { usual = max(usual, typical) }
    // Where many normal tasks want a CPU, long waits are what is to be expected.
    if !isRealtime, let upper { usual = max(usual, upper) }
    switch kind {
    case .storm:
      // A fiftieth of a CPU, or one interrupt each 100 us, is nothing to ask about.
      let rate = Double(count) * 100_000 / Double(max(length.count, 1))
      let share = max(Double(busy) / 20, rate / 4)
      let milliseconds = Double(max(length.count, 1)) / 1_000_000
      return share * min(max(milliseconds, 0.5), 20)
    case .wakeup, .preempted:
      // Who asked to be nice waits.
      let nice = isRealtime ? 0 : min(max(Int(priority.value) - 120, 0), 19)
      for _ in 0..<nice { usual += Nanoseconds(usual.count / 4) }
    default: break
    }
    var severity = Double(length.count) / Double(max(usual.count, 1))
    if let waking {
      // A timer is late on its own measure.
      let overdue = Double((waking - span.start).count)
      let allowed = LatenessKind.timer.usual(isRealtime: isRealtime)
      severity = max(severity, overdue / Double(max(allowed.count, 1)))
    }
    guard isRealtime else {
      // Ten times as long is not ten times as remarkable where others merely shared the CPU.
      return severity > 100 ? (severity * 100).squareRoot() : severity
    }
    // Whoever gave a task a real-time priority wants to know of it first; the kernel gave its own
    // threads theirs.
    guard severity >= 10 else { return severity }
    return severity * (LateWork.isKernelThread(victim.comm) ? 4 : 20)
  }
}

extension KernelPriority {
  /// Whether it is that of a FIFO, RR or deadline task, and no number that no kernel gives.
  public var isKnownRealtime: Bool { value >= -1 && value < 99 }
}
