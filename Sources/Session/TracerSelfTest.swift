internal import Glibc
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// Whether a tracer of the irqsoff family still records the sections that it was set for.
///
/// The kernel has one variable for the kind of these sections. Setting one of the tracers changes
/// it before it is refused because another one runs: that one then goes on with the other kind, and
/// its file does not show it. Its sections do: only where interrupts count can one begin with a
/// preemption depth of 0, only where preemption counts can one begin with interrupts on.
struct TracerSelfTest {
  private let wantsInterrupts: Bool
  private let wantsPreemption: Bool
  /// Every interrupt and system call has sections: one round shows thousands, the rest is for a
  /// slow machine.
  private static let rounds = 3

  /// nil for a tracer of another family.
  init?(_ tracer: String) {
    guard TracerPlan.criticalTracers.contains(tracer) else { return nil }
    wantsInterrupts = tracer != "preemptoff"
    wantsPreemption = tracer != "irqsoff"
  }

  /// Lets `record` record for some ms and judges what it gives, a few times.
  ///
  /// - Parameter record: Runs what it is given while the tracer writes where sections begin and
  ///   end; gives what it wrote.
  /// - Returns: what is wrong in one clause, nil where the tracer sees what it should.
  func run<Failure: Error>(
    _ record: (_ body: () -> Void) throws(Failure) -> Timeline
  ) throws(Failure) -> String? {
    var seen = Kinds()
    for _ in 0..<Self.rounds {
      seen.add(try record(Self.keepBusy))
      if let wrong = wrong(seen) { return wrong }
      if isSatisfied(seen) { return nil }
    }
    return seen.isEmpty
      ? "it recorded no section in a test of \(Self.rounds * Self.milliseconds) ms"
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

  /// The kinds of sections that their ends show.
  struct Kinds: Equatable {
    /// With IRQs disabled and preemption on.
    var interrupts = 0
    /// With interrupts on.
    var preemption = 0
    /// All, those that report nothing as well.
    var ends = 0

    var isEmpty: Bool { ends == 0 }

    mutating func add(_ timeline: Timeline) {
      for event in timeline.merged {
        guard SectionReader.isFunction(event) else { continue }
        ends += 1
        // A handler, and bottom halves off, count as preemption disabled, in digits that are not
        // shown.
        let context = event.context
        let isAtomic =
          context.preemptDepth > 0 || context.inHardIRQ || context.inSoftIRQ || context.inNMI
          || context.flags & EventContext.Bit.bottomHalvesOff != 0
        if !context.irqsOff {
          preemption += 1
        } else if !isAtomic {
          interrupts += 1
        }
      }
    }
  }

  private func isSatisfied(_ seen: Kinds) -> Bool {
    (seen.interrupts > 0 || !wantsInterrupts) && (seen.preemption > 0 || !wantsPreemption)
  }

  private static let reason =
    "(an attempt to set another tracer of its family causes this, even if it is refused)"

  /// The sections that this tracer never records. On Linux 6.12 they are at least one in six for a
  /// blinded tracer, and less than one in ten thousand for a working one. One in several hundred is
  /// therefore accepted.
  func wrong(_ seen: Kinds) -> String? {
    let few = seen.ends / 100
    if seen.preemption > few, !wantsPreemption {
      return "it records sections with preemption disabled, but not with IRQs disabled "
        + Self.reason
    }
    if seen.interrupts > few, !wantsInterrupts {
      return "it records sections with IRQs disabled, but not with preemption disabled "
        + Self.reason
    }
    return nil
  }

  /// A kind that should be there. Only where both count: a tracer of one kind that went over to the
  /// other shows that one, and its own sections may happen to report neither.
  private func missing(_ seen: Kinds) -> String? {
    guard wantsInterrupts, wantsPreemption else { return nil }
    if seen.interrupts == 0 {
      return "it no longer records sections with IRQs disabled \(Self.reason)"
    }
    if seen.preemption == 0 {
      return "it no longer records sections with preemption disabled \(Self.reason)"
    }
    return nil
  }

  /// Whether a section's own text shows that it is not of the kind that the tracer is for.
  static func isForeign(_ tracer: String, text: String) -> Bool {
    guard let test = TracerSelfTest(tracer) else { return false }
    var seen = Kinds()
    seen.add(FtraceTextReader.read(ByteStore(Array(text.utf8))).timeline)
    return test.wrong(seen) != nil
  }
}
