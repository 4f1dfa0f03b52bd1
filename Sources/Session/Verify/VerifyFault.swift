public import Analysis
internal import TraceModel

/// A fault that needs only a process of ours to be injected.
public enum VerifyFault: String, Hashable, Sendable, CaseIterable {
  case hogAbove = "hog-above"
  case hogEqual = "hog-equal"
  case throttling
  case pageFaults = "page-faults"
  case shootdown = "tlb-shootdown"
  case runQueue = "run-queue"
  case lockOwner = "lock-owner"

  /// What is done, one clause.
  public var what: String {
    switch self {
    case .hogAbove:
      "a FIFO 90 task computes for 6 ms or more when the timer of a FIFO 80 thread expires"
    case .hogEqual:
      "a FIFO 80 task computes for 6 ms or more when the timer of a FIFO 80 thread expires"
    case .throttling: "a FIFO 40 loop of 3 s, until it ends or the kernel runs a SCHED_OTHER thread"
    case .pageFaults: "a page of the stack of a FIFO 80 thread is withheld for 6 ms or more"
    case .shootdown: "a mapping changes while a CPU that must flush its TLB handles no interrupt"
    case .runQueue: "four SCHED_OTHER loops share the CPU with a SCHED_OTHER thread"
    case .lockOwner:
      "a FIFO 1 task holds a priority inheritance mutex that a FIFO 90 task waits for"
    }
  }

  /// The classes that are right.
  public var classes: [CulpritClass] {
    switch self {
    case .hogAbove: [.higherPriorityTask]
    case .hogEqual: [.samePriorityTask]
    // Linux 6.12 put the deadline server in throttling's place.
    case .throttling: [.rtThrottling, .deadlineServer]
    case .pageFaults: [.pageFault]
    case .shootdown: [.tlbShootdown]
    case .runQueue: [.runQueue]
    case .lockOwner: [.priorityInversion]
    }
  }

  /// The classes that are right as well where timers of normal threads expire in threads, on
  /// PREEMPT_RT.
  var classesOnRT: [CulpritClass] {
    // The loop may keep ktimers/N, which no throttling lets in, from serving the normal thread's
    // timer until it ends.
    self == .throttling ? [.higherPriorityTask] : []
  }

  /// How a right name begins or what it contains; empty where the class says it all.
  var nameParts: [String] {
    switch self {
    case .hogAbove: ["bt-above-"]
    case .hogEqual: ["bt-equal-"]
    case .throttling: ["bt-loop-"]
    case .pageFaults: []
    case .shootdown: ["flush_tlb", "tlb_flush", "tlbbatch_flush"]
    case .runQueue: ["bt-neighbour"]
    case .lockOwner: ["bt-owner-"]
    }
  }

  /// Policy of the measured thread; a real-time one has priority 80.
  var policy: SchedulingPolicy {
    switch self {
    case .throttling, .runQueue: .other
    default: .fifo
    }
  }

  /// Above what latency a wakeup is looked at.
  func threshold(_ scale: VerifyScale) -> Nanoseconds {
    switch self {
    case .hogAbove, .hogEqual, .lockOwner, .pageFaults: scale.threshold
    case .throttling: Nanoseconds(microseconds: 300_000)
    // How long the other CPU takes no interrupt is not known as well as a loop's length.
    case .shootdown: Nanoseconds(scale.threshold.count / 7 * 2)
    // Its length is the scheduler's.
    case .runQueue: VerifyScale.least
    }
  }

  /// Whether it is under way before the measurement begins: the first late wakeup is to be its own
  /// also on a machine that is busy anyway.
  var startsBefore: Bool { self == .runQueue }

  /// How long one measurement waits for a spike.
  var patience: Nanoseconds { Nanoseconds(6_000_000_000) }

  /// What a normal wakeup looks like is to be in the buffer as well.
  static let delay = Nanoseconds(300_000_000)

  /// The processes that make it; none for `pageFaults`, which `PageHold` makes.
  ///
  /// - Parameters:
  ///   - cpu: The measured CPU.
  ///   - other: Another one, nil where there is none.
  ///   - scale: How long they take here.
  func faults(cpu: Int, other: Int?, scale: VerifyScale) -> [Fault] {
    let duration = patience + Nanoseconds(1_000_000_000)
    let delay = Self.delay
    let period = scale.period
    let busy = scale.busy
    switch self {
    case .hogAbove, .hogEqual:
      return [
        Fault(
          .hog, name: self == .hogAbove ? "bt-above" : "bt-equal", cpu: cpu, policy: .fifo,
          priority: self == .hogAbove ? 90 : 80, busy: busy, period: period, duration: duration,
          delay: delay)
      ]
    case .throttling:
      return [
        Fault(
          .hog, name: "bt-loop", cpu: cpu, policy: .fifo, priority: 40,
          busy: Nanoseconds(3_000_000_000), period: duration, duration: duration, delay: delay)
      ]
    case .pageFaults: return []
    case .shootdown:
      return [
        Fault(
          .shootdown, name: "bt-shootdown", cpu: cpu, partner: other, policy: .fifo, priority: 10,
          busy: Nanoseconds(scale.busy.count / 3 * 2), period: period, duration: duration,
          delay: delay)
      ]
    case .runQueue:
      // Arming takes its time beside them.
      let whole = duration + duration
      return (0..<4).map { number in
        Fault(
          .hog, name: "bt-neighbour\(number)", cpu: cpu, nice: -10, busy: whole, period: whole,
          duration: whole)
      }
    case .lockOwner:
      return [
        Fault(
          .lockOwner, name: "bt-owner", cpu: cpu, policy: .fifo, priority: 90, busy: busy,
          period: period, duration: duration, delay: delay)
      ]
    }
  }
}
