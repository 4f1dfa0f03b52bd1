import Captures
import Report
import RingBuffer
import Testing
import TraceFile
import TraceModel

@testable import Session

/// Whether a latency tracer of ours still sees what it was set for, by lines as Linux 6.12 prints
/// them.
struct TracerSelfTestTests {
  private static let head = """
    # tracer: irqsoff
    #
    # irqsoff latency trace v1.1.5 on 6.12.117-lab-rt
    # --------------------------------------------------------------------
    # latency: 23 us, #4/4, CPU#0 | (M:preempt_rt VP:0, KP:0, SP:0 HP:0 #P:1)
    #    -----------------
    #    | task: sh-51 (uid:0 nice:0 policy:0 rt_prio:0)
    #    -----------------
    #
    #                    _------=> CPU#
    #                   / _-----=> irqs-off/BH-disabled
    #                  | / _----=> need-resched
    #                  || / _---=> hardirq/softirq
    #                  ||| / _--=> preempt-depth
    #                  |||| / _-=> migrate-disable
    #                  ||||| /     delay
    #  cmd     pid     |||||| time  |   caller
    #     \\   /        ||||||  \\    |    /

    """
  private static let interrupts = """
          sh-51        0d.... 75250us : tracer_hardirqs_on <-do_syscall_64
          sh-51        0d.... 75252us : irqentry_enter_from_user_mode <-irqentry_enter

    """
  private static let nested = """
         exe-56        0d..1. 71634us : tracer_hardirqs_on <-schedule_tail

    """
  private static let preemption = """
          sh-51        0...1. 106429us : vfs_write <-vfs_write
          sh-51        0.N.1. 62583us : preempt_schedule_thunk <-preempt_schedule_thunk

    """

  /// In a handler preemption is disabled although the depth is 0.
  private static let handler = """
          sh-51        0d.h.. 106440us : __irq_exit_rcu <-irq_exit_rcu

    """

  /// Preemption counts as disabled where bottom halves are.
  private static let bottomHalves = """
          sh-51        0D.... 106441us : __local_bh_disable_ip <-fpu_clone

    """

  private static func timeline(_ lines: String) -> Timeline {
    FtraceTextReader.read(ByteStore(Array((head + lines).utf8))).timeline
  }

  private func verdict(_ tracer: String, _ lines: String) -> String? {
    TracerSelfTest(tracer)?.run { _ in Self.timeline(lines) }
  }

  @Test(arguments: [
    ("irqsoff", interrupts), ("irqsoff", nested + interrupts), ("preemptoff", preemption),
    ("preemptoff", handler + bottomHalves + preemption),
    ("preemptirqsoff", preemption + interrupts),
    // Lines that either kind has show nothing.
    ("irqsoff", nested), ("preemptoff", nested),
  ])
  func `a tracer with sections of its own kind sees`(tracer: String, lines: String) {
    #expect(verdict(tracer, lines) == nil)
  }

  @Test(arguments: [
    ("irqsoff", preemption, "preemption disabled, but not with IRQs disabled"),
    // A refused preemptirqsoff makes it see both.
    ("irqsoff", interrupts + preemption, "preemption disabled, but not with IRQs disabled"),
    ("preemptoff", interrupts, "IRQs disabled, but not with preemption disabled"),
    ("preemptirqsoff", interrupts, "no longer records sections with preemption disabled"),
    ("preemptirqsoff", preemption, "no longer records sections with IRQs disabled"),
    ("irqsoff", "", "it recorded no section"),
  ])
  func `a tracer with others or none was blinded`(tracer: String, lines: String, said: String) {
    #expect(verdict(tracer, lines)?.contains(said) == true)
  }

  @Test func `a kind that shows up later is waited for`() {
    var round = 0
    let verdict = TracerSelfTest("preemptirqsoff")?.run { _ in
      round += 1
      return Self.timeline(round < 3 ? Self.preemption : Self.interrupts)
    }
    #expect(verdict == nil)
    #expect(round == 3)
  }

  @Test func `one line in hundreds does not make a tracer blind`() {
    let many = String(repeating: Self.interrupts, count: 200)
    #expect(verdict("irqsoff", many + Self.handler) == nil)
    #expect(verdict("irqsoff", many + Self.preemption) == nil)
    #expect(verdict("irqsoff", many + String(repeating: Self.preemption, count: 10)) != nil)
  }

  @Test func `tracers of other families are not tested`() {
    for tracer in ["wakeup_rt", "function", "hwlat"] { #expect(TracerSelfTest(tracer) == nil) }
  }

  @Test func `a section of another kind is known by its own text`() {
    #expect(TracerSelfTest.isForeign("irqsoff", text: Self.head + Self.preemption))
    #expect(!TracerSelfTest.isForeign("irqsoff", text: Self.head + Self.nested))
    #expect(!TracerSelfTest.isForeign("preemptirqsoff", text: Self.head + Self.preemption))
  }

  @Test(
    arguments: [
      ("irqsoff", "inject-irqsoff.trace"), ("preemptoff", "inject-preemptoff.trace"),
      ("irqsoff", "irqsoff-func0-hackbench.trace"),
      ("preemptoff", "preemptoff-func0-hackbench.trace"),
      ("preemptoff", "preemptoff-func1-hackbench.trace"),
    ])
  func `recorded sections are of their own kind`(tracer: String, file: String) throws {
    let bytes = try Captures.bytes("captures/rt612-up-icount/\(file)")
    #expect(!TracerSelfTest.isForeign(tracer, text: String(decoding: bytes, as: UTF8.self)))
  }
}

/// What a report says of an armed tracer whose section is not in it.
struct TracerOutcomeTests {
  private let window = TimeSpan(Nanoseconds(5_000_000), Nanoseconds(8_000_000))

  private func said(_ start: Int64?, length: Int64 = 1_000_000, cpus: [Int]? = [1]) -> String? {
    TracerOutcome.text(
      start.map {
        TracerSection(
          tracer: "irqsoff", cpu: 1, start: Nanoseconds($0), length: Nanoseconds(length),
          startFunction: "", endFunction: "")
      }, window: window, cpus: cpus.map { CPUSet($0) }, threshold: Nanoseconds(500_000))
  }

  @Test func `nothing where the section overlaps`() {
    #expect(said(4_500_000) == nil)
    #expect(said(7_999_999) == nil)
  }

  @Test func `no section names the threshold and the CPUs`() {
    #expect(said(nil) == "no section above tracing_thresh (500 us) on CPU 1")
    #expect(said(nil, cpus: [0, 1]) == "no section above tracing_thresh (500 us) on CPUs 0-1")
    #expect(said(nil, cpus: nil) == "no section above tracing_thresh (500 us)")
  }

  @Test func `a section elsewhere is dropped with its distance`() {
    #expect(
      said(1_000_000)
        == "not used, its last section (1000 us on CPU 1) does not overlap the window, "
        + "it ended 3000 us before it")
    #expect(said(8_200_000)?.hasSuffix("it began 200 us after it") == true)
  }
}
