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
    case .hogAbove: "a FIFO 90 task computes for 6 ms when the timer of a FIFO 80 thread expires"
    case .hogEqual: "a FIFO 80 task computes for 6 ms when the timer of a FIFO 80 thread expires"
    case .throttling: "an endless FIFO 40 loop, until the kernel runs a SCHED_OTHER thread"
    case .pageFaults: "the pages of the program are evicted while its memory is not locked"
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
  var threshold: Nanoseconds {
    switch self {
    case .hogAbove, .hogEqual, .lockOwner: Nanoseconds(microseconds: 3_500)
    case .throttling: Nanoseconds(microseconds: 300_000)
    case .pageFaults: Nanoseconds(microseconds: 400)
    case .shootdown: Nanoseconds(microseconds: 1_000)
    case .runQueue: Nanoseconds(microseconds: 3_500)
    }
  }

  /// Whether it is under way before the measurement begins: the first late wakeup is to be its own
  /// also on a machine that is busy anyway.
  var startsBefore: Bool { self == .runQueue }

  /// How long one measurement waits for a spike.
  var patience: Nanoseconds { Nanoseconds(6_000_000_000) }

  /// The processes that make it.
  ///
  /// - Parameters:
  ///   - cpu: The measured CPU.
  ///   - other: Another one, nil where there is none.
  ///   - measured: The measuring process.
  func faults(cpu: Int, other: Int?, measured: Int32) -> [Fault] {
    let duration = patience + Nanoseconds(1_000_000_000)
    // What a normal wakeup looks like is to be in the buffer as well.
    let delay = Nanoseconds(300_000_000)
    let period = Nanoseconds(300_000_000)
    let busy = Nanoseconds(6_000_000)
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
          .hog, name: "bt-loop", cpu: cpu, policy: .fifo, priority: 40, busy: duration,
          period: duration, duration: duration, delay: delay)
      ]
    case .pageFaults:
      return [
        Fault(
          .pageOut, name: "bt-evict", cpu: other, period: Nanoseconds(1_000_000_000),
          duration: duration, delay: delay, target: measured)
      ]
    case .shootdown:
      return [
        Fault(
          .shootdown, name: "bt-shootdown", cpu: cpu, partner: other, policy: .fifo, priority: 10,
          busy: Nanoseconds(4_000_000), period: period, duration: duration, delay: delay)
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
