internal import Glibc
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// Whether a tracer of the irqsoff family still records the sections that it was set for.
///
/// The kernel has one variable for the kind of these sections. Setting one of the tracers changes it before it is
/// refused because another one runs: that one then goes on with the other kind, and its file does not tell. Its sections do:
/// only where interrupts count can one begin with a preemption depth of 0, only where preemption counts
/// can one begin with interrupts on.
struct TracerSelfTest {
  private let wantsInterrupts: Bool
  private let wantsPreemption: Bool
  /// Every interrupt and system call has a section: one round shows them as a rule, the rest is for unlucky ones.
  private static let rounds = 10

  /// nil for a tracer of another family.
  init?(_ tracer: String) {
    guard TracerPlan.criticalTracers.contains(tracer) else { return nil }
    wantsInterrupts = tracer != "preemptoff"
    wantsPreemption = tracer != "irqsoff"
  }

  /// Lets `record` record for some ms and judges what it gives, a few times.
  ///
  /// - Returns: what is wrong in one clause, nil where the tracer sees what it should.
  func run<Failure: Error>(
    _ record: (_ body: () -> Void) throws(Failure) -> String
  ) throws(Failure) -> String? {
    var seen = Kinds()
    for _ in 0..<Self.rounds {
      seen.add(try record(Self.keepBusy))
      if let wrong = wrong(seen) { return wrong }
      if isSatisfied(seen) { return nil }
    }
    return seen.isEmpty
      ? "in a test of \(Self.rounds * Self.milliseconds) ms it recorded no section at all"
      : missing(seen)
  }

  private static let milliseconds = 10

  /// System calls, and sleeping in between: interrupts come and preemption is disabled and enabled.
  private static func keepBusy() {
    for _ in 0..<milliseconds {
      for _ in 0..<20 { _ = ProcText.read("/proc/self/comm") }
      usleep(1_000)
    }
  }

  /// The kinds of sections that lines show.
  struct Kinds: Equatable {
    /// A line with interrupts off and preemption on.
    var interrupts = false
    /// A line with interrupts on.
    var preemption = false
    /// No line at all.
    var isEmpty = true

    mutating func add(_ text: String) {
      for event in FtraceTextReader.read(ByteStore(Array(text.utf8))).timeline.merged {
        guard SectionReader.isFunction(event) else { continue }
        isEmpty = false
        if !event.context.irqsOff { preemption = true }
        // A handler counts as preemption disabled, in digits that are not shown.
        let context = event.context
        if context.irqsOff, context.preemptDepth == 0, !context.inHardIRQ, !context.inSoftIRQ,
          !context.inNMI
        {
          interrupts = true
        }
      }
    }
  }

  private func isSatisfied(_ seen: Kinds) -> Bool {
    seen.interrupts == wantsInterrupts && seen.preemption == wantsPreemption
  }

  private static let reason =
    "(an attempt to set another tracer of its family does that, even where it is refused)"

  /// A kind that must not be there.
  func wrong(_ seen: Kinds) -> String? {
    if seen.preemption, !wantsPreemption {
      return "it records sections with preemption off, not those with interrupts off "
        + Self.reason
    }
    if seen.interrupts, !wantsInterrupts {
      return "it records sections with interrupts off, not those with preemption off "
        + Self.reason
    }
    return nil
  }

  /// A kind that should be there. Only where both count: a tracer of one kind that went over to the other shows that one,
  /// and sections of its own may happen to tell neither.
  private func missing(_ seen: Kinds) -> String? {
    guard wantsInterrupts, wantsPreemption else { return nil }
    if !seen.interrupts {
      return "it records no sections with interrupts off any more \(Self.reason)"
    }
    if !seen.preemption {
      return "it records no sections with preemption off any more \(Self.reason)"
    }
    return nil
  }

  /// Whether a section's own text shows that it is not of the kind that the tracer is for.
  static func isForeign(_ tracer: String, text: String) -> Bool {
    guard let test = TracerSelfTest(tracer) else { return false }
    var seen = Kinds()
    seen.add(text)
    return test.wrong(seen) != nil
  }
}
