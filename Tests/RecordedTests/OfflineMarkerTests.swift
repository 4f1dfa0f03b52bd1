import Analysis
import Report
import Recorded
import Testing
import TraceModel

/// Markers of other programs, `--task` and `--at`, on small texts.
struct OfflineMarkerTests {
  /// A FIFO 90 hog keeps tester (FIFO 80) from its CPU for 900 us.
  private static func text(_ marker: String, after: String = "") -> String {
    """
    # tracer: nop
    #
               hog-50        [001] d..2.   100.000000: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=hog next_pid=50 next_prio=9
               hog-50        [001] d.h..   100.000102: local_timer_entry: vector=236
               hog-50        [001] d.h..   100.000103: hrtimer_expire_entry: hrtimer=00000000aaaa0001 function=hrtimer_wakeup now=100000102000
               hog-50        [001] d.h..   100.000104: sched_waking: comm=tester pid=60 prio=19 target_cpu=001
               hog-50        [001] d.h..   100.000105: sched_wakeup: comm=tester pid=60 prio=19 target_cpu=001
               hog-50        [001] d.h..   100.000106: hrtimer_expire_exit: hrtimer=00000000aaaa0001
               hog-50        [001] d.h..   100.000107: local_timer_exit: vector=236
               hog-50        [001] d..2.   100.001000: sched_switch: prev_comm=hog prev_pid=50 prev_prio=9 prev_state=S ==> next_comm=tester next_pid=60 next_prio=19
            tester-60        [001] .....   100.001010: \(marker)
    \(after)
    """
  }

  private func verdicts(
    _ text: String, _ change: (inout AnalyzeRequest) -> Void = { _ in }
  ) throws -> TraceVerdicts {
    var request = AnalyzeRequest()
    change(&request)
    return try RecordedTrace(bytes: Array(text.utf8), name: "text")
      .analyze(request, toolVersion: "test")
  }

  @Test(arguments: [
    ("tracing_mark_write: hit latency threshold (905 > 500)", 905),
    ("tracing_mark_write: Hit latency 905", 905),
  ])
  func `the wake-up of a marker's writer is explained`(marker: String, latency: Int64) throws {
    let report = try #require(try verdicts(Self.text(marker)).reports.first)
    #expect(report.analysis.sample.task == TaskIdentity(pid: 60, comm: "tester"))
    #expect(report.analysis.sample.latency.microseconds == latency)
    #expect(report.analysis.sample.priority == 80)
    #expect(report.analysis.culprit.culprit == .higherPriorityTask)
    #expect(report.analysis.culprit.name == "hog-50")
    let sources = report.analysis.culprit.evidence.filter { $0.event == "sample" }
    #expect(sources.count == 1)
    #expect(sources.first?.text.contains("tester-60") == true)
  }

  @Test func `a marker of oslat is a stretch in which the thread did not run`() throws {
    let marker =
      "tracing_mark_write: oslat: Trace threshold (500 us) triggered on cpu 1 with 900 us!"
    let report = try #require(try verdicts(Self.text(marker)).reports.first)
    #expect(report.analysis.sample.latency.microseconds == 900)
    #expect(report.analysis.sample.threshold == Nanoseconds(microseconds: 500))
    #expect(report.analysis.ran.first?.occupant.name == "hog-50")
  }

  @Test func `another task's last wake-up before the marker is taken by name`() throws {
    let marker = "tracing_mark_write: hit latency threshold (905 > 500)"
    let text = Self.text(marker).replacing(
      "tester-60        [001] .....", with: "other-61        [001] .....")
    let report = try #require(
      try verdicts(text) { $0.task = .comm("tester") }.reports.first)
    #expect(report.analysis.sample.task.pid == 60)
    #expect(report.analysis.sample.latency == Nanoseconds(microseconds: 896))
  }

  @Test func `the requested expiry is the begin where hrtimer_start is there`() throws {
    let armed =
      "        tester-60        [001] d..1.    99.999000: hrtimer_start: hrtimer=00000000aaaa0001 "
      + "function=hrtimer_wakeup expires=100000100500 softexpires=100000100500 mode=ABS|HARD\n"
    let text = Self.text("tracing_mark_write: hit latency threshold (905 > 500)")
      .replacing("# tracer: nop\n#\n", with: "# tracer: nop\n#\n" + armed)
    let report = try #require(try verdicts(text).reports.first)
    #expect(report.analysis.sample.expiry == Nanoseconds(100_000_100_500))
    #expect(report.analysis.sample.wake == Nanoseconds(100_001_005_500))
  }

  @Test func `without a marker the worst real-time wake-up is explained`() throws {
    let text = Self.text("tracing_mark_write: hello")
    let found = try verdicts(text)
    #expect(found.reports.first?.analysis.culprit.name == "hog-50")
    #expect(found.late?.candidates.first?.kind == .wakeup)
    #expect(found.late?.candidates.first?.length == Nanoseconds(microseconds: 896))
    #expect(try verdicts(text) { $0.threshold = Nanoseconds(microseconds: 2_000) }.reports.isEmpty)
    #expect(try verdicts(text) { $0.task = .comm("nobody") }.reports.isEmpty)
    #expect(try verdicts(text) { $0.task = .pid(60) }.reports.count == 1)
  }

  @Test func `the wake-up around a time is explained`() throws {
    let text = Self.text("tracing_mark_write: hello")
    for time in [100_000_500_000, 100_001_500_000] as [Int64] {
      let report = try #require(try verdicts(text) { $0.time = Nanoseconds(time) }.reports.first)
      #expect(report.analysis.sample.task.pid == 60)
      #expect(report.analysis.sample.source == .time)
    }
    let far = try verdicts(text) { $0.time = Nanoseconds(200_000_000_000) }
    #expect(far.reports.isEmpty)
    #expect(far.remarks.first?.contains("100.00") == true)
  }

  @Test func `hwlat and osnoise lines are windows of their own`() throws {
    let hwlat = """
      # tracer: hwlat
      #
                 <...>-1729  [001] d...    678.473449: #1     inner/outer(us):   11/12    ts:1581527483.343962693 count:6
                 <...>-1729  [004] d...    689.556542: #2     inner/outer(us):   16/9     ts:1581527494.889008092 count:1
      """
    let report = try #require(try verdicts(hwlat).reports.first)
    #expect(report.analysis.culprit.culprit == .hardwareStall)
    #expect(report.analysis.sample.latency == Nanoseconds(microseconds: 16))
    #expect(report.analysis.culprit.confidence == .possible)
  }

  @Test func `an unknown instance is answered with the known ones`() throws {
    let found = try verdicts(Self.text("tracing_mark_write: x")) { $0.instance = "foo" }
    #expect(found.reports.isEmpty)
    #expect(found.remarks.first?.contains("the top-level buffer") == true)
  }

  @Test func `selectors tell thread ids from names`() {
    #expect(TaskSelector("1813") == .pid(1_813))
    #expect(TaskSelector("cyclictest") == .comm("cyclictest"))
    #expect(TaskSelector("+5") == .comm("+5"))
    #expect(TaskSelector("averyveryverylongname") == .comm("averyveryverylo"))
  }
}
