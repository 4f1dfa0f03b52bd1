import Analysis
import Testing
import TraceModel

struct RunQueueValueTests {
  /// The five rows that the mailing list quotes.
  static let quoted = """
    > 19:29:16 kworker/2:0      19836           14071
    > 19:29:18 kworker/1:0      19836           14369
    > 19:29:20 ksoftirqd/2      19794           12731
    > 19:29:20 kworker/2:0      23              11059
    > 19:29:21 kworker/1:0      19836           11020
    """

  @Test func `the rows of the mailing list contradict themselves`() {
    let log = RunqslowerLog(Self.quoted)
    #expect(log.rows.map(\.latency) == [14_071, 14_369, 12_731, 11_059, 11_020])
    #expect(
      log.problems.map(\.text) == [
        "tid 19836 is called kworker/2:0 and kworker/1:0 (lines 1, 2, 5)",
        "kworker/2:0 has the tids 19836, 23 (lines 1, 4)",
      ])
  }

  @Test func `a sound log has no contradiction, and names may hold blanks`() {
    let log = RunqslowerLog(
      """
      Tracing run queue latency higher than 1000 us
      TIME     COMM             TID           LAT(us)
      21:44:04 my long name     75               1427
      21:44:05 kworker/u8:1     32               1385 previous 12
      21:44:05 my long name     75               2017
      """)
    #expect(log.rows.map(\.comm) == ["my long name", "kworker/u8:1", "my long name"])
    #expect(log.rows.map(\.tid) == [75, 32, 75])
    #expect(log.problems.isEmpty)
  }

  @Test(arguments: ["", "\n\n", "12:00", "1:2:3 a 4", "::: a b c d", "1:2:3 x -5 -6 99999999999 1"])
  func `what is no row is left out`(text: String) {
    #expect(RunqslowerLog(text).rows.isEmpty)
  }

  @Test(arguments: [
    ("kworker*", "kworker/0:1", true), ("*", "", true), ("k?orker", "kworker", true),
    ("kworker", "kworker/0:1", false), ("*soft*d/1", "ksoftirqd/1", true), ("a*b*c", "abbc", true),
    ("a*b*c", "abb", false), ("", "x", false),
  ])
  func `globs match whole names`(pattern: String, text: String, expected: Bool) {
    #expect(Glob.matches(pattern, text) == expected)
  }

  @Test func `percentiles are at most a quarter too high and never above the maximum`() {
    var statistics = LatencyStatistics()
    for value in 1...1_000 { statistics.add(Nanoseconds(Int64(value) * 1_000)) }
    statistics.add(Nanoseconds(-5))
    #expect(statistics.count == 1_001)
    #expect(statistics.maximum == Nanoseconds(1_000_000))
    for (share, exact) in [(0.5, Int64(500_000)), (0.99, 990_000), (0.1, 100_000)] {
      let found = statistics.percentile(share).count
      #expect(found >= exact && found <= exact * 5 / 4)
    }
    #expect(statistics.percentile(1) == statistics.maximum)
    #expect(LatencyStatistics().percentile(0.5) == .zero)
    statistics.add(Nanoseconds(.max))
    #expect(statistics.percentile(1) == Nanoseconds(.max))
  }

  @Test func `the histogram counts each us in its power of two`() {
    var histogram = OctaveHistogram()
    for value in [Int64(0), 1, 2, 3, 4, 7, 8] { histogram.add(Nanoseconds(microseconds: value)) }
    #expect(
      histogram.rows.map { [$0.from, $0.to, $0.count] } == [
        [0, 1, 1], [1, 2, 1], [2, 4, 2], [4, 8, 2], [8, 16, 1],
      ])
  }

  @Test(arguments: ["", "a", "12345678", "kworker/u8:1-ev", "äöü"])
  func `a name survives its sixteen bytes`(text: String) {
    #expect(TaskName(text).text == text)
    #expect(TaskName(text).isEmpty == text.isEmpty)
  }

  @Test func `events of a timeline become those of the replay`() throws {
    let labels = LabelTable()
    func event(_ payload: EventPayload) -> RunQueueEvent? {
      RunQueueEvent(
        TraceEvent(
          time: Nanoseconds(5), cpu: 1, pid: 7, context: EventContext(flags: 0, preemptCount: 0),
          payload: payload), labels: labels)
    }
    let ended = try #require(
      event(
        .switched(
          SwitchEvent(
            previous: TaskIdentity(pid: 7, comm: "a"), previousPriority: KernelPriority(120),
            previousState: .blocked("X|Z"), next: TaskIdentity(pid: 8, comm: "b"),
            nextPriority: KernelPriority(19)))))
    #expect(ended.isEnding && !ended.isRunnable && ended.other == 8 && ended.otherPriority == 19)
    let thread = OtherEvent(
      system: "task", name: "task_newtask",
      fields: [
        EventField(name: "pid", value: "9"), EventField(name: "clone_flags", value: "3d0f00"),
      ])
    #expect(event(.other(thread))?.target == 1)
    let fork = OtherEvent(
      system: "sched", name: "sched_process_fork", fields: [],
      text: "comm=a pid=7 child_comm=a child_pid=9")
    #expect(event(.other(fork))?.task == 9)
    #expect(event(.marker("x")) == nil)
  }

  @Test func `every prefix and every changed byte of a log is survived`() {
    let bytes = Array((Self.quoted + "\n12:00:01 swapper/0 0 99999\n").utf8)
    var rows: Set<Int> = []
    for index in bytes.indices {
      rows.insert(RunqslowerLog(String(decoding: bytes[..<index], as: UTF8.self)).rows.count)
      for change in [0x01, 0x10, 0x2a, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        let log = RunqslowerLog(String(decoding: changed, as: UTF8.self))
        rows.insert(log.rows.count)
        #expect(log.problems.allSatisfy { !$0.text.isEmpty })
      }
    }
    #expect(rows == Set(0...6))
  }
}
