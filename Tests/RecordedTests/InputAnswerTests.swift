import Analysis
import Captures
import Foundation
import Recorded
import Report
import Testing
import TraceModel

/// The right answers of the small inputs, and that changes of them which leave the cause as it is
/// leave the answer too.
struct InputAnswerTests {
  /// What an input's report must say.
  struct Answer: Sendable, CustomTestStringConvertible {
    var input: String
    var classes: Set<CulpritClass>
    /// The culprit's name, one of these.
    var names: [String]
    var microseconds: Int64
    /// The best confidence that the input bears.
    var best = Confidence.likely
    /// Names that are invented: a mutation gives others.
    var words: [String] = []
    /// What the report's text must say.
    var says: [String] = []
    /// What it must not say.
    var never: [String] = []
    /// Whether its stamps are drawn out by the mutation of the time scale although it has no latency header.
    var hasMicroseconds = false
    /// Mutations that would leave the trace without its sense: a mask of CPUs that names others than the lines.
    var except: Set<String> = []

    var testDescription: String { input }
  }

  /// What comes first in a trace without marker or section.
  private static let late: [Answer] = [
    Answer(
      input: "wait-blocked-packed-priority", classes: [.blocked], names: ["page_pool_wait"],
      microseconds: 4_250_571, words: ["page_pool_wait", "RenderThread", "PoolWork"],
      says: ["iowait", "56 us for a CPU", "PoolWork#3-8120 woke it"]),
    Answer(
      input: "wait-with-remarks", classes: [.runQueue, .lateKworker], names: ["encoder-900"],
      microseconds: 31_204, words: ["encoder", "feeder"]),
    Answer(
      input: "wait-largest-is-a-preemption", classes: [.higherPriorityTask], names: ["rtmix-710"],
      microseconds: 280_006, words: ["rtmix", "decoder", "rtlog"], says: ["decoder-700"]),
    Answer(
      input: "softirq-raised-and-late", classes: [.softirqDeferred], names: ["NET_RX"],
      microseconds: 1_209, best: .possible, says: ["sched_switch", "ksoftirqd/2"]),
    Answer(
      input: "irq-storm-of-a-device", classes: [.interruptStorm], names: ["irq 77 hostctl"],
      microseconds: 327, words: ["hostctl"], says: ["40 times", "once per 8 us", "24 %"]),
    Answer(
      input: "ipi-with-its-sender", classes: [.crossCPUCall], names: ["timesync-420"],
      microseconds: 10, words: ["timesync", "sock_want_stamps"],
      says: ["sock_want_stamps", "text_poke_bp", "handled it in 4 us"]),
    Answer(
      input: "rcu-callbacks-hold-the-cpu", classes: [.rcu], names: ["rcuop/3-31"],
      microseconds: 2_343, best: .possible, says: ["1804 RCU callbacks"], never: ["preempt=full"]),
    Answer(
      input: "no-task-column-idle-with-pending-ipi", classes: [.idleExit], names: ["state 2"],
      microseconds: 76, says: ["11 us after it was sent"], except: ["other CPU"]),
    Answer(
      input: "perf-script-rt-wait", classes: [.higherPriorityTask], names: ["logger-880"],
      microseconds: 12_036, words: ["logger", "ctl"]),
    Answer(
      input: "two-part-time-own-page-fault", classes: [.pageFault],
      names: ["put_and_wait_on_page_locked"], microseconds: 255, says: ["cyclicte-610"],
      hasMicroseconds: true),
    Answer(
      input: "wrapped-by-a-mailer", classes: [.runQueue, .softirqDeferred],
      names: ["ksoftirqd/3-31"],
      microseconds: 1_110, words: ["dbwrite"]),
    Answer(
      input: "irqsoff-header-lines-missing", classes: [.irqsOff],
      names: ["stats_flush_all", "group_stat_show"],
      microseconds: 21_870, words: ["stats_flush_all"], hasMicroseconds: true),
    Answer(
      input: "timer-expires-on-another-cpu", classes: [.remoteTimer],
      names: ["CPU 0 to CPU 2", "CPU 6 to CPU 8"], microseconds: 76,
      says: ["kernel.timer_migration"]),
  ]

  private static let answers: [Answer] = [
    Answer(
      input: "wakeup-rt-padded-priority", classes: [.higherPriorityTask], names: ["rtlow-150"],
      microseconds: 400, words: ["rtlow", "rtapp", "worker"]),
    Answer(
      input: "wakeup-rt-unpadded-priority", classes: [.higherPriorityTask], names: ["rtlow-150"],
      microseconds: 400, words: ["rtlow", "rtapp", "worker"]),
    Answer(
      input: "wakeup-rt-realtime-waker", classes: [.preemptOff], names: ["worker-100"],
      microseconds: 400, best: .possible, words: ["rtwaker", "rtapp", "worker"]),
    Answer(
      input: "wakeup-rt-silent-gap", classes: [.preemptOff], names: ["some_slow_walk"],
      microseconds: 1_969, best: .likely, words: ["some_slow_walk", "worker", "rtapp"],
      says: ["worker-100"]),
    Answer(
      input: "wakeup-rt-gap-behind-interrupt", classes: [.preemptOff],
      names: ["long_locked_function"], microseconds: 900,
      words: ["long_locked_function", "sys_something", "hog", "victim"], says: ["hog-200"]),
    Answer(
      input: "wakeup-rt-gap-without-stack", classes: [.preemptOff], names: ["<idle>"],
      microseconds: 240, best: .possible, words: ["victim"]),
    Answer(
      input: "wakeup-rt-second-interrupt", classes: [.hardIRQ], names: ["nic_interrupt"],
      microseconds: 200, words: ["nic_interrupt", "victim"]),
    Answer(
      input: "wakeup-rt-two-hops", classes: [.nonPreemptibleKernel], names: ["slow_xfer"],
      microseconds: 34_260, words: ["slow_xfer", "app"], says: ["app-100"]),
    Answer(
      input: "wakeup-rt-one-hop", classes: [.nonPreemptibleKernel], names: ["slow_xfer"],
      microseconds: 34_260, words: ["slow_xfer", "app"], says: ["app-100"]),
    Answer(
      input: "wakeup-rt-several-wakeups", classes: [.preemptOff], names: ["worker-229"],
      microseconds: 2_000, best: .possible, words: ["worker", "rtapp"]),
    Answer(
      input: "irqsoff-cut-at-the-end", classes: [.irqsOff], names: ["cp-800"],
      microseconds: 2_477, best: .possible,
      words: ["find_other_block", "refill_page_list", "shift_page_block", "take_other_block"],
      says: ["lines are present"], never: ["window covered    yes"]),
    Answer(
      input: "wakeup-cut-at-the-end", classes: [.unknown, .idleExit, .preemptOff],
      names: ["", "<idle>"], microseconds: 624, best: .possible, words: ["irqd"],
      says: ["lines are present"], never: ["window covered    yes"]),
    Answer(
      input: "preemptoff-head-only", classes: [.preemptOff], names: ["fn_start"],
      microseconds: 40_000, best: .possible, words: ["fn_start", "fn_wait", "fn_end", "worker"],
      says: ["lines are present"], never: ["window covered    yes"]),
    Answer(
      input: "preemptoff-begin-overwritten", classes: [.preemptOff, .softirq],
      names: ["__do_softirq"], microseconds: 500_000, best: .possible,
      words: ["helper_a", "helper_b", "end_io"],
      says: ["the ring buffer kept", "buffer_size_kb"], never: ["window covered    yes"]),
    Answer(
      input: "preemptoff-cut-in-the-middle", classes: [.preemptOff], names: ["ip_finish_output"],
      microseconds: 1_160, best: .possible, words: ["queue_descriptor", "sender"],
      says: ["task sender-1", "lines were left out"], never: ["window covered    yes"]),
    Answer(
      input: "preemptirqsoff-spin-checks-need-resched", classes: [.preemptOff],
      names: ["rwsem_optimistic_spin"], microseconds: 7_813, best: .possible,
      words: ["starter", "dup_mmap"], says: ["yields as soon as"]),
    Answer(
      input: "irqsoff-gap-in-the-callee", classes: [.irqsOff], names: ["collect_pages"],
      microseconds: 49_040,
      words: ["collect_pages", "trim_page_list", "count_page_state", "pageout"]),
    Answer(
      input: "irqsoff-leaf-or-lock-holder", classes: [.irqsOff], names: ["the_lock_holder"],
      microseconds: 9_000, best: .possible, words: ["the_lock_holder", "fill_table", "leaf_step"]),
    Answer(
      input: "irqsoff-interrupt-handler", classes: [.hardIRQ], names: ["disp_irq_handler"],
      microseconds: 417, words: handlerWords, says: ["disp_mm_rreg"]),
    Answer(
      input: "irqsoff-interrupt-handler-2", classes: [.hardIRQ], names: ["disp_irq_handler"],
      microseconds: 417, words: handlerWords, says: ["disp_mm_rreg"]),
    Answer(
      input: "irqsoff-interrupt-handler-3", classes: [.hardIRQ], names: ["disp_irq_handler"],
      microseconds: 417, words: handlerWords, says: ["disp_mm_rreg"]),
    Answer(
      input: "header-lines-joined", classes: [.irqsOff, .printkConsole], names: ["vprintk_emit"],
      microseconds: 7_038, words: [], says: ["joined"]),
    Answer(
      input: "irq-disable-enable-only", classes: [.irqsOff, .printkConsole],
      names: ["console_unlock"], microseconds: 10_966, words: [], says: ["vprintk_emit"]),
    Answer(
      input: "marker-written-late", classes: [.unknown, .schedulerOverhead], names: [""],
      microseconds: 72, best: .possible, words: ["hog"],
      says: ["tlb_flush", "for the next 63 us", "from switch to return"]),
    Answer(
      input: "sched-wakeup-without-waking", classes: [.nonPreemptibleKernel], names: ["hog-100"],
      microseconds: 400, best: .possible, words: ["hog", "rtapp"]),
    Answer(
      input: "sched-wakeup-with-waking", classes: [.nonPreemptibleKernel], names: ["hog-100"],
      microseconds: 400, best: .possible, words: ["hog", "rtapp"]),
    Answer(
      input: "wakeup-and-waking-mixed", classes: [.unknown, .idleExit], names: [""],
      microseconds: 15, best: .possible, words: ["victim"], says: ["victim-300"]),
    Answer(
      input: "timerlat-with-noise-events", classes: [.irqsOff], names: ["try_to_wake_up"],
      microseconds: 30, words: [],
      says: ["local_timer", "sh-1094", "[made from line "], never: ["preempt=full"]),
    Answer(
      input: "osnoise-kworker-with-function", classes: [.runQueue], names: ["kworker/3:1-446"],
      microseconds: 452, words: ["slow_work"], says: ["slow_work", "thread osnoise/3-900"],
      never: ["in place of kworker"]),
    Answer(
      input: "osnoise-rest-without-event", classes: [.hardwareStall], names: [""],
      microseconds: 50, best: .possible, says: ["code without events", "0.300 us"],
      never: [" 0 us on CPU"]),
  ]

  private static let handlerWords = [
    "disp_irq_handler", "disp_mm_rreg", "disp_get_position", "disp_get_scanoutpos",
    "read_register",
  ]

  /// What a mail or a web page does to a text, and what the report says of it.
  struct Damage: Sendable, CustomTestStringConvertible {
    var says: String
    var apply: @Sendable (String) -> String
    var testDescription: String { says }
  }

  private static func quoted(_ text: String, _ mark: String) -> String {
    text.split(separator: "\n").map { mark + $0 }.joined(separator: "\n")
  }

  private static func printable(_ text: String) -> String { text.replacing("=", with: "=3D") }

  private static let damages: [Damage] = [
    Damage(says: "quote marks (>)") { quoted($0, "> > ") },
    Damage(says: "quote marks (|)") { quoted($0, "| ") },
    Damage(says: "quoted-printable") { printable($0) },
    Damage(says: "quoted-printable") {
      printable($0).replacing("<-", with: "<=\n-").replacing("\n", with: "\r\n")
    },
    Damage(says: "HTML") { $0.replacing("<", with: "&lt;").replacing(">", with: "&gt;") },
    Damage(says: "HTML") { $0.replacing("<", with: "&#60;").replacing(">", with: "&#x3E;") },
    Damage(says: "non-breaking") { $0.replacing("  ", with: "\u{a0} ") },
    Damage(says: "without #") { $0.replacing(/(?m)^#/, with: "") },
    Damage(says: "without #") { $0.replacing(/(?m)^# */, with: "") },
    Damage(says: "joined") {
      $0.replacing("6.1.0\n", with: "6.1.0 ").replacing("---\n", with: "---")
    },
    Damage(says: "") { $0.replacing("    ", with: "\t") },
    Damage(says: "") { $0.replacing("\n", with: "\r\n") },
  ]

  @Test(arguments: damages)
  func `a damaged paste is read as the whole text is`(damage: Damage) throws {
    for name in [
      "irqsoff-interrupt-handler-2", "wakeup-rt-silent-gap", "preemptoff-cut-in-the-middle",
      "preemptirqsoff-spin-checks-need-resched", "wakeup-rt-padded-priority",
    ] {
      let text = try Captures.text("inputs/traces/\(name).txt")
      func report(_ text: String) throws -> SpikeReport {
        let trace = try RecordedTrace(bytes: Array(text.utf8), name: name)
        #expect(trace.problems.count <= 1, "\(name): \(trace.problems)")
        return try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
      }
      let whole = try report(text).analysis
      let damaged = try report(damage.apply(text))
      #expect(damaged.analysis.culprit.culprit == whole.culprit.culprit, "\(name)")
      #expect(damaged.analysis.culprit.name == whole.culprit.name, "\(name)")
      #expect(damaged.analysis.sample.latency == whole.sample.latency, "\(name)")
      let isSaid = damaged.analysis.culprit.evidence.contains { $0.text.contains(damage.says) }
      #expect(damage.says.isEmpty || isSaid, "\(name)")
    }
  }

  /// What a text says is judged whatever somebody did to it: no damage ends the program.
  @Test(arguments: Captures.files("inputs/traces"))
  func `every kind of damage is read or refused`(name: String) throws {
    let bytes = try Captures.bytes(name)
    func take(_ bytes: [UInt8]) {
      guard let trace = try? RecordedTrace(bytes: bytes, name: name) else { return }
      let reports = trace.analyze(AnalyzeRequest(), toolVersion: "").reports
      for report in reports {
        let all = [report.analysis.culprit] + report.analysis.contributors
        let sum = all.reduce(Nanoseconds.zero) { $0 + $1.claimed }
        #expect(sum == max(report.analysis.sample.latency, .zero))
      }
    }
    // Strides without a common factor meet other columns of the lines.
    for length in stride(from: 0, through: bytes.count, by: 31) { take(Array(bytes[..<length])) }
    for index in stride(from: 0, to: bytes.count, by: 17) {
      for bit in [UInt8(1), 16] {
        var flipped = bytes
        flipped[index] ^= bit
        take(flipped)
      }
    }
  }

  @Test func `a text that is no trace gives one message, not one a line`() throws {
    let text = String(repeating: "What is this, and who wrote it?\n\n", count: 300)
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: "mail")
    #expect(trace.problems.count == 1)
    #expect(trace.hasNoEvents)
  }

  @Test(arguments: answers + late, TraceMutation.all)
  func `an input and its mutations get the right answer`(
    answer: Answer, mutation: TraceMutation
  ) throws {
    guard !answer.except.contains(mutation.label) else { return }
    let text = mutation.apply(
      try Captures.text("inputs/traces/\(answer.input).txt"), answer.words)
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: answer.input)
    let reports = trace.analyze(AnalyzeRequest(), toolVersion: "test").reports
    let report = try #require(reports.first)
    let analysis = report.analysis
    let culprit = analysis.culprit
    func renamed(_ text: String) -> String {
      answer.words.sorted { $0.count > $1.count }.reduce(text) {
        $0.replacingOccurrences(of: $1, with: mutation.name($1))
      }
    }
    #expect(answer.classes.contains(culprit.culprit), "\(culprit)")
    #expect(answer.names.map(renamed).contains(culprit.name), "\(culprit)")
    #expect(culprit.confidence <= answer.best, "\(culprit)")
    let length = analysis.sample.latency.microseconds
    // Only the stamps of the latency format are drawn out.
    let wanted =
      answer.microseconds
      * (text.contains("latency: ") || answer.hasMicroseconds ? mutation.scale : 1)
    #expect(abs(length - wanted) <= max(1, wanted / 100), "\(length)")
    let lines = report.text.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let said = lines.joined(separator: " ")
    for part in answer.says { #expect(said.contains(renamed(part)), "\(part)") }
    for part in answer.never { #expect(!report.text.contains(renamed(part)), "\(part)") }
    // Every nanosecond belongs to one entry.
    let sum = ([culprit] + analysis.contributors).reduce(Nanoseconds.zero) { $0 + $1.claimed }
    #expect(sum == analysis.sample.latency)
  }
}
