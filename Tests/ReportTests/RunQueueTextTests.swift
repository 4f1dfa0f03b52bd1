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

  @Test func `a name with control characters cannot move the terminal's cursor`() {
    var wait = Self.wait
    wait.task.comm = "a\u{1b}[2J"
    #expect(!RunQueueText.row(wait, time: "").contains("\u{1b}"))
  }
}
