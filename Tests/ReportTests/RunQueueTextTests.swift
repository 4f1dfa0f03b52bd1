import Analysis
import Report
import Testing
import TraceModel

struct RunQueueTextTests {
  static let wait = RunQueueWait(
    task: TaskIdentity(pid: 19_836, comm: "kworker/2:0"), priority: KernelPriority(120), cpu: 2,
    span: TimeSpan(.zero, Nanoseconds(14_071_400)), enqueued: nil, cause: .woken,
    waker: Waker(task: TaskIdentity(pid: 9, comm: "writer"), context: .task),
    behind: [
      BehindEntry(
        kind: .task, name: "test_progs", pid: 9, net: Nanoseconds(14_000_000), count: 3)
    ], migrations: 0)

  @Test func `the first columns are those of runqslower`() {
    // printf("%-8s %-16s %-6d %14llu")
    #expect(
      RunQueueText.row(Self.wait, time: "19:29:16")
        == "19:29:16 kworker/2:0      19836           14071 2    nice 0  "
        + " test_progs-9 14.0 ms x3; woken by writer-9")
    #expect(RunQueueText.header.hasPrefix("TIME     COMM             TID           LAT(us)"))
    #expect(
      RunqslowerLog(RunQueueText.row(Self.wait, time: "19:29:16")).rows.map(\.tid) == [19_836])
  }

  @Test func `a wait is one line of JSON with the documented keys`() throws {
    let line = try RunQueueJSON.line(Self.wait)
    #expect(
      line
        == #"{"behind":[{"count":3,"kind":"task","name":"test_progs","ns":14000000,"pid":9}],"comm":"kworker/2:0","cpu":2,"#
        + #""latency_ns":14071400,"migrations":0,"policy":"normal","priority":120,"state":"woken","tid":19836,"#
        + #""time_ns":14071400,"type":"wait","waker":{"comm":"writer","context":"task","tid":9}}"#
        + "\n")
  }

  private static func summary(_ change: (inout RunQueueSummary) -> Void) -> RunQueueSummary {
    var summary = RunQueueSummary(
      RunQueueReplay(filter: RunQueueFilter(), labels: LabelTable()))
    summary.lostMarks = 3
    summary.lostEvents = 12_345
    summary.bufferKilobytes = 64
    var pace = ReaderPace()
    pace.priority = 1
    pace.peakRate = 40 * 1_048_576
    pace.gap = ReaderPace.Gap(
      length: Nanoseconds(212_000_000), waited: Nanoseconds(205_100_000), ran: Nanoseconds(900_000))
    summary.pace = pace
    change(&summary)
    return summary
  }

  @Test func `a loss of a starved reader tells how long it waited, what helps and which buffer`() {
    let lines = RunQueueText.losses(Self.summary { _ in })
    #expect(lines[1].hasSuffix("the buffer had 64 KiB per CPU, try --buffer 32768"))
    #expect(lines[2] == "The buffer of one CPU received up to 40.0 MiB/s.")
    #expect(
      lines[3].hasPrefix(
        "The reader was starved: of 212.0 ms between two reads it waited 205.1 ms for a CPU"
          + " at real-time priority 1."))
    #expect(lines[3].contains("chrt -f 50"))
  }

  @Test func `a loss for the rate does not blame the CPU`() {
    let busy = Self.summary {
      $0.pace?.gap = ReaderPace.Gap(
        length: Nanoseconds(5_000_000), waited: .zero, ran: Nanoseconds(4_200_000))
    }
    let text = RunQueueText.losses(busy).joined(separator: "\n")
    #expect(text.contains("The reader had a CPU: of 5.000 ms between two reads it ran for"))
    #expect(!text.contains("starved"))
    let slept = Self.summary {
      $0.pace?.gap = ReaderPace.Gap(length: Nanoseconds(5_000_000), waited: nil, ran: .zero)
    }
    let lines = RunQueueText.losses(slept)
    #expect(lines[3].contains("it slept 5.000 ms"))
    #expect(lines[4] == "This kernel does not report how long the reader waited for a CPU.")
  }

  @Test func `where the kernel's own reports were lost no buffer is named`() throws {
    let summary = Self.summary { $0.leftOutBelow = Nanoseconds(2_000_000) }
    let text = RunQueueText.losses(summary).joined(separator: "\n")
    #expect(summary.neededKilobytes == nil)
    #expect(text.contains("--threshold") && !text.contains("--buffer"))
    #expect(try !RunQueueJSON.line(summary).contains("needed_buffer_kb"))
  }

  @Test func `JSON tells the reader's pace`() throws {
    let line = try RunQueueJSON.line(Self.summary { _ in })
    #expect(
      line.contains(
        #""reader":{"behind_ns":0,"cause":"starved","gap_ns":212000000,"peak_bytes_per_second":41943040,"#
          + #""priority":1,"ran_ns":900000,"slept_ns":6000000,"waited_for_cpu_ns":205100000}"#))
    #expect(line.contains(#""needed_buffer_kb":32768"#))
  }

  @Test func `a name with control characters cannot move the terminal's cursor`() {
    var wait = Self.wait
    wait.task.comm = "a\u{1b}[2J"
    #expect(!RunQueueText.row(wait, time: "").contains("\u{1b}"))
  }
}
