import Analysis
import Testing
import TraceModel

struct RunQueueChainTests {
  static let reader: (Int32, String) = (100, "reader")
  static let writer: (Int32, String) = (101, "writer")
  static let kworker: (Int32, String) = (40, "kworker/0:1")

  /// The mailing list's case: the writer's data goes through a kworker that waits for the CPU
  /// after a hog.
  static func delivery() -> RunQueueScript {
    var script = RunQueueScript()
    script.task(.fork, 0, 1, pid: 100, 101)
    script.change(1, 1, nobody, "R", reader)
    script.change(1, 0, nobody, "R", hog)
    script.call(.syscallEnter, 10, 1, pid: 100, "read")
    script.change(20, 1, reader, "S", writer)
    script.work(.workQueue, 100, 1, pid: 101)
    script.wake(105, 1, by: 101, kworker, target: 0)
    script.change(110, 1, writer, "S", nobody)
    script.change(14_205, 0, hog, "R", kworker)
    script.work(.workStart, 14_215, 0, pid: 40)
    script.wake(14_230, 0, by: 40, reader, target: 1)
    script.work(.workEnd, 14_240, 0, pid: 40)
    script.change(14_400, 1, nobody, "R", reader)
    script.call(.syscallExit, 14_410, 1, pid: 100, "read", result: 1)
    return script
  }

  @Test func `a blocked read is told back to the kworker that waited behind the hog`() throws {
    let replay = Self.delivery().replay(thresholdMicroseconds: 1_000, root: 100)
    let call = try #require(replay.slowCalls.first)
    #expect(call.name == "read")
    #expect(!call.isTimeout)
    let chain = try #require(call.chains.first)
    #expect(
      chain.segments.map { "\($0.kind.rawValue) \($0.task.pid) \($0.span.length.microseconds)" }
        == [
          "ran 101 80", "no_worker 40 15", "waited_for_cpu 40 14100", "ran 40 15",
          "waited_for_cpu 100 170",
        ])
    #expect(chain.segments[2].behind.map(\.text) == ["hog-20"])
    #expect(chain.segments[2].work == "deliver")
  }

  @Test func `the parts of a chain follow each other and add up to the sleep`() throws {
    let replay = Self.delivery().replay(thresholdMicroseconds: 1_000, root: 100)
    let chain = try #require(replay.slowCalls.first?.chains.first)
    #expect(chain.span == TimeSpan(RunQueueScript.us(20), RunQueueScript.us(14_400)))
    var cursor = chain.span.start
    for segment in chain.segments {
      #expect(segment.span.start == cursor)
      cursor = segment.span.end
    }
    #expect(cursor == chain.span.end)
  }

  @Test
  func
    `work that the command asked for is told with its function and what its worker waited behind`()
    throws
  {
    var replay = Self.delivery().replay(thresholdMicroseconds: 1_000, root: 100)
    let delivery = try #require(replay.deliveries.first)
    #expect(delivery.length == RunQueueScript.us(14_140))
    #expect(delivery.segments.reduce(.zero) { $0 + $1.span.length } == delivery.length)
    #expect(delivery.work.askedBy.pid == 101)
    #expect(delivery.work.parts.waitedForCPU == RunQueueScript.us(14_100))
    let work = try #require(replay.takeDeferred().first)
    #expect(work.name == "deliver")
    #expect(work.latency == RunQueueScript.us(14_115))
    #expect(work.behind.map(\.text) == ["hog-20"])
  }

  @Test func `a select that ends by its timeout was woken by nobody`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", Self.reader)
    script.call(.syscallEnter, 10, 0, pid: 100, "select")
    script.change(20, 0, Self.reader, "S", nobody)
    script.frame(.vectorEntry, 20_000, 0, pid: 0, name: "local_timer")
    script.wake(20_005, 0, by: 0, Self.reader, flags: EventContext.Bit.hardIRQ)
    script.frame(.vectorExit, 20_010, 0, pid: 0, name: "local_timer")
    script.change(20_015, 0, nobody, "R", Self.reader)
    script.call(.syscallExit, 20_020, 0, pid: 100, "select", result: 0)
    var replay = script.replay(thresholdMicroseconds: 1_000, root: 100)
    let call = try #require(replay.slowCalls.first)
    #expect(call.isTimeout)
    #expect(call.chains.first?.segments.first?.kind == .timeout)
    #expect(replay.takeWaits().isEmpty, "the task ran 10 us after its timer: no late wake-up")
  }

  @Test func `a call that got its data from a timer's softirq is no timeout`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", Self.reader)
    script.call(.syscallEnter, 10, 0, pid: 100, "poll")
    script.change(20, 0, Self.reader, "S", nobody)
    script.frame(.softirqEntry, 20_000, 0, pid: 0, number: 1)
    script.wake(20_005, 0, by: 0, Self.reader, flags: EventContext.Bit.softIRQ)
    script.frame(.softirqExit, 20_010, 0, pid: 0, number: 1)
    script.change(20_015, 0, nobody, "R", Self.reader)
    script.call(.syscallExit, 20_020, 0, pid: 100, "poll", result: 1)
    let call = try #require(script.replay(thresholdMicroseconds: 1_000, root: 100).slowCalls.first)
    #expect(!call.isTimeout)
  }

  @Test func `calls in a row that find nothing are a budget`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", Self.reader)
    for number in 0..<100 {
      script.call(.syscallEnter, Int64(10 + number * 2), 0, pid: 100, "read")
      script.call(.syscallExit, Int64(11 + number * 2), 0, pid: 100, "read", result: -11)
    }
    let poll = try #require(script.replay(thresholdMicroseconds: 1_000, root: 100).polls.first)
    #expect(poll.count == 100)
    #expect(poll.span.length == RunQueueScript.us(199))
    #expect(!poll.succeeded)
  }

  @Test func `tasks outside of the tree are not told`() {
    let replay = Self.delivery().replay(thresholdMicroseconds: 1_000, root: 9_999)
    #expect(replay.slowCalls.isEmpty)
    #expect(replay.deliveries.isEmpty)
  }

  @Test func `a softirq that ksoftirqd had to run is told with its wait`() throws {
    var script = RunQueueScript()
    let daemon: (Int32, String) = (16, "ksoftirqd/0")
    script.change(0, 0, nobody, "R", hog)
    script.frame(.softirqRaise, 100, 0, pid: 20, number: 3)
    script.wake(110, 0, by: 20, daemon)
    script.change(3_110, 0, hog, "R", daemon)
    script.frame(.softirqEntry, 3_120, 0, pid: 16, number: 3)
    script.frame(.softirqExit, 3_150, 0, pid: 16, number: 3)
    var replay = script.replay(thresholdMicroseconds: 1_000)
    let softirq = try #require(replay.takeDeferred().first { $0.kind == .softirq })
    #expect(softirq.name == "NET_RX")
    #expect(softirq.latency == RunQueueScript.us(3_020))
    #expect(softirq.parts.waitedForCPU == RunQueueScript.us(3_000))
    #expect(softirq.parts.noWorker == RunQueueScript.us(20))
  }

  @Test func `work that waits until its worker has done other work is told so`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", Self.kworker)
    script.work(.workQueue, 5, 1, pid: 100, item: 1, "slow")
    script.work(.workStart, 10, 0, pid: 40, item: 1, "slow")
    script.work(.workQueue, 100, 1, pid: 100, item: 2, "deliver")
    script.work(.workEnd, 5_000, 0, pid: 40, item: 1, "slow")
    script.work(.workStart, 5_010, 0, pid: 40, item: 2, "deliver")
    script.work(.workEnd, 5_020, 0, pid: 40, item: 2, "deliver")
    var replay = script.replay()
    let work = try #require(replay.takeDeferred().first { $0.name == "deliver" })
    #expect(work.parts.otherWork == RunQueueScript.us(4_900))
    #expect(work.parts.noWorker == RunQueueScript.us(10))
    #expect(work.parts.waitedForCPU == .zero)
  }
}
