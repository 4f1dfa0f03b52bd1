import Testing
import TraceModel

@testable import Analysis

/// What distinguishes a pause of a whole guest from code of its kernel.
@Suite struct HostPauseTests {
  typealias Build = TimelineBuilder

  private static let section =
    Build.interruptStack + ["_raw_spin_unlock_irqrestore", "holder", "do_syscall_64"]

  private static func guest(_ context: inout SystemContext) {
    context.hypervisor = "KVM"
    context.smiCount = nil
    context.preemption = SystemContext.PreemptionModel.none
  }

  /// A timer interrupt that comes 8 ms late out of `stack`; the other CPU does what `fill` says.
  private func late(
    _ stack: [String], _ change: @escaping (inout SystemContext) -> Void = { _ in },
    other fill: @escaping (inout Build) -> Void = { _ in }
  ) -> SpikeAnalysis {
    Scenario(
      .irqsOff, "holder", .likely, wake: 8_930,
      context: {
        Self.guest(&$0)
        change(&$0)
      }
    ) { own, other in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(at: 8_900, interrupting: worker.pid, stack: stack)
      own.change(8_910, from: worker, state: .preempted, to: measured)
      own.finish(at: 8_915)
      fill(&other)
    }.analysis
  }

  /// The other CPU's timer is due at 1000 us and expires at `end`; `pid` ran.
  private static func overdue(
    _ build: inout Build, until end: Double, pid: Int32, stack: [String]?,
    inside: ((inout Build) -> Void)? = nil
  ) {
    build.add(
      500, pid: pid,
      .hrtimerStart(
        timer: 7, function: Scenarios.place("tick_nohz_handler"), expires: Build.at(1_000),
        softExpires: Build.at(1_000), mode: "ABS"))
    inside?(&build)
    build.add(end, pid: pid, .vectorEntry(name: "local_timer", vector: 236), flags: Scenarios.hard)
    build.add(
      end + 1, pid: pid,
      .hrtimerExpireEntry(
        timer: 7, function: Scenarios.place("tick_nohz_handler"), now: Build.at(end)),
      flags: Scenarios.hard)
    if let stack {
      build.add(end + 2, pid: pid, .stack(stack.map(Scenarios.place)), flags: Scenarios.hard)
    }
    build.add(
      end + 3, pid: pid, .vectorExit(name: "local_timer", vector: 236), flags: Scenarios.hard)
  }

  @Test func `code alone is named where nothing speaks for the host`() {
    let result = late(Self.section, other: { _ in })
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.name == "holder")
  }

  @Test func `an idle CPU whose timer was overdue meanwhile shows a pause of the guest`() {
    let result = late(Self.section, { _ in }) {
      Self.overdue(&$0, until: 8_890, pid: 0, stack: nil)
    }
    #expect(result.culprit.culprit == .hypervisor, "\(result.culprit)")
    #expect(result.culprit.confidence == .likely)
    #expect(result.culprit.evidence.contains { $0.cpu == 0 && $0.text.contains("us late") })
    #expect(result.refuted.contains { $0.culprit == .irqsOff })
    #expect(result.sumsAreExact)
  }

  @Test func `a CPU that may have waited for the same lock shows nothing`() {
    let calls: (inout SystemContext) -> Void = {
      $0.enabledEvents = ["irq_vectors:call_function_single_entry"]
    }
    for stack in [
      Self.section, Build.interruptStack + ["native_queued_spin_lock_slowpath", "_raw_spin_lock"],
    ] {
      let result = late(Self.section, calls) {
        Self.overdue(&$0, until: 8_890, pid: 55, stack: stack)
      }
      #expect(result.culprit.culprit == .irqsOff, "\(stack)")
    }
    // No stack says what it did, or the calls of other CPUs were not recorded.
    let silent = late(Self.section, calls) {
      Self.overdue(&$0, until: 8_890, pid: 55, stack: nil)
    }
    #expect(silent.culprit.culprit == .irqsOff)
    let unseen = late(Self.section, { _ in }) {
      Self.overdue(&$0, until: 8_890, pid: 55, stack: Build.interruptStack)
    }
    #expect(unseen.culprit.culprit == .irqsOff)
  }

  @Test func `a CPU in user space shows it where calls of other CPUs are recorded`() {
    let result = late(
      Self.section, { $0.enabledEvents = ["irq_vectors:call_function_single_entry"] }
    ) {
      Self.overdue(&$0, until: 8_890, pid: 55, stack: Build.interruptStack)
    }
    #expect(result.culprit.culprit == .hypervisor)
  }

  @Test func `a CPU that was in an interrupt, was late for a part, or wrote events shows nothing`()
  {
    let entry = EventPayload.vectorEntry(name: "call_function_single", vector: 251)
    let busy = late(Self.section, { _ in }) {
      Self.overdue(&$0, until: 8_890, pid: 0, stack: nil) { build in
        build.add(1_010, pid: 0, entry, flags: Scenarios.hard)
      }
    }
    #expect(busy.culprit.culprit == .irqsOff)
    let part = late(Self.section, { _ in }) { Self.overdue(&$0, until: 5_000, pid: 0, stack: nil) }
    #expect(part.culprit.culprit == .irqsOff)
    let alive = late(Self.section, { _ in }) {
      Self.overdue(&$0, until: 8_890, pid: 0, stack: nil) { build in
        for time in stride(from: 1_500.0, to: 8_800, by: 500) {
          build.other(time, pid: 0, "kmem", "kmalloc", flags: EventContext.Bit.irqsOff)
        }
      }
    }
    #expect(alive.culprit.culprit == .irqsOff)
  }

  @Test func `steal time that covers the stretch outweighs where it ended`() {
    let counts: (inout SystemContext) -> Void = {
      $0.countsSteal = true
      $0.steal = [1: Nanoseconds(10_000_000)]
    }
    let result = late(Self.section, counts, other: { _ in })
    #expect(result.culprit.culprit == .hypervisor)
    let open = result.open.first { $0.culprit == .irqsOff }
    #expect(open?.reason.contains("holder") == true, "\(result.open)")
  }

  @Test func `a function that enables no interrupts is not blamed on a host that pauses guests`() {
    let plain = Build.interruptStack + ["format_decode", "vsnprintf", "seq_printf"]
    let pauses: (inout SystemContext) -> Void = {
      $0.countsSteal = true
      $0.steal = [1: .zero]
      $0.stealRun = Nanoseconds(90_000_000)
    }
    let result = late(plain, pauses, other: { _ in })
    #expect(result.culprit.culprit == .hypervisor)
    #expect(result.culprit.confidence == .possible)
    #expect(result.open.contains { $0.culprit == .irqsOff })
    // Where the host never took a CPU both are open.
    #expect(late(plain, other: { _ in }).culprit.culprit == .irqsOff)
    #expect(late(plain, other: { _ in }).culprit.confidence == .possible)
    // A softirq's beginning enables them inline.
    let softirq = late(
      Build.interruptStack + ["handle_softirqs", "__irq_exit_rcu"], pauses,
      other: { _ in })
    #expect(softirq.culprit.culprit == .irqsOff)
    #expect(softirq.culprit.confidence == .possible)
  }

  @Test func `on such a host a long silence of code is possible at best`() {
    let word: (Bool) -> Confidence = { counts in
      SilenceTests.scenario(.softirq, 5) {
        Self.guest(&$0)
        $0.countsSteal = counts ? true : nil
        $0.stealRun = counts ? Nanoseconds(90_000_000) : nil
      }.analysis.culprit.confidence
    }
    #expect(word(true) == .possible)
    #expect(word(false) == .likely)
  }
}
