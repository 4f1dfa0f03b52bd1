import Analysis
import Testing
import TraceModel

/// Waits that the kernel measured, and the functions of softirqs and work items.
@Suite struct RunQueueKernelWaitTests {
  private func waited(
    _ tid: Int32, _ name: String, end: Int64, latency: Int64, cause: Int32 = 0
  ) -> RunQueueEvent {
    var event = RunQueueEvent(kind: .waited, time: end * 1_000, cpu: 0, pid: 1)
    event.task = tid
    event.name = TaskName(name)
    event.value = latency * 1_000
    event.target = cause
    return event
  }

  @Test(
    arguments: [
      (0, RunQueueWait.Cause.woken), (1, .preempted), (2, .new),
    ] as [(Int32, RunQueueWait.Cause)])
  func `a report of the kernel is a row with its cause`(
    number: Int32, cause: RunQueueWait.Cause
  ) throws {
    var replay = RunQueueScript().replay()
    replay.apply(waited(10, "sleeper", end: 500, latency: 200, cause: number))
    let row = try #require(replay.takeWaits().first)
    #expect(row.task == TaskIdentity(pid: 10, comm: "sleeper"))
    #expect(row.cause == cause)
    #expect(row.span.start == RunQueueScript.us(300) && row.latency == RunQueueScript.us(200))
    #expect(row.behind.isEmpty && row.waker == nil)
    #expect(replay.total.count == 1)
  }

  @Test func `a report below the threshold or of an unwanted task is no row`() {
    var replay = RunQueueScript().replay(
      filter: RunQueueFilter(threshold: RunQueueScript.us(100), comm: "s*"))
    replay.apply(waited(10, "sleeper", end: 500, latency: 99))
    replay.apply(waited(20, "hog", end: 500, latency: 200))
    #expect(replay.takeWaits().isEmpty)
    #expect(replay.total.count == 1)
  }

  @Test func `two names of a thread are warned of unless it was renamed or made anew between`() {
    func warnings(_ between: RunQueueEvent.Kind?) -> Int {
      var script = RunQueueScript()
      script.task(.rename, 1, 0, pid: 99, 99)
      var replay = script.replay()
      replay.apply(waited(10, "sleeper", end: 500, latency: 200))
      if let between {
        var script = RunQueueScript()
        script.task(between, 600, 0, pid: 10, 10)
        for event in script.events { replay.apply(event) }
      }
      replay.apply(waited(10, "other", end: 900, latency: 200))
      return replay.takeWarnings().count
    }
    #expect(warnings(nil) == 1)
    #expect(warnings(.rename) == 0)
    #expect(warnings(.fork) == 0)
  }

  @Test func `all is known since the first event, or since the latest loss`() {
    var script = RunQueueScript()
    script.wake(100, 0, by: 20, sleeper)
    #expect(script.replay().knownSince == 100_000)
    script.lost(300, 0, count: 7)
    script.wake(400, 0, by: 20, sleeper)
    #expect(script.replay().knownSince == 300_000)
  }

  @Test
  func `the function of a softirq is named where a task waits behind it, and time counts once`()
    throws
  {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.frame(.softirqEntry, 100, 0, pid: 20, number: 6)
    script.frame(.functionEntry, 110, 0, pid: 20, name: "slow")
    script.wake(120, 0, by: 20, sleeper)
    script.frame(.functionExit, 900, 0, pid: 20)
    script.frame(.softirqExit, 910, 0, pid: 20, number: 6)
    script.change(1_000, 0, hog, "R", sleeper)
    let row = try #require(script.waits().first { $0.task.pid == 10 })
    #expect(row.behind.map(\.text) == ["softirq TASKLET slow", "softirq TASKLET", "hog-20"])
    #expect(row.behind.map(\.net) == [780, 10, 90].map { RunQueueScript.us($0) })
  }

  @Test func `a function whose end was not seen ends with its softirq`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.frame(.softirqEntry, 100, 0, pid: 20, number: 1)
    script.frame(.functionEntry, 110, 0, pid: 20, name: "slow")
    script.wake(120, 0, by: 20, sleeper)
    script.frame(.softirqExit, 300, 0, pid: 20, number: 1)
    script.change(1_000, 0, hog, "R", sleeper)
    let row = try #require(script.waits().first { $0.task.pid == 10 })
    #expect(row.behind.map(\.net) == [180, 700].map { RunQueueScript.us($0) })
  }

  @Test func `a late softirq tells which one came first, and what it ran`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.frame(.softirqRaise, 50, 0, pid: 20, number: 6)
    script.frame(.softirqRaise, 60, 0, pid: 20, number: 1)
    script.frame(.softirqEntry, 100, 0, pid: 20, number: 6)
    script.frame(.functionEntry, 100, 0, pid: 20, name: "slow")
    script.frame(.functionExit, 900, 0, pid: 20)
    script.frame(.softirqExit, 900, 0, pid: 20, number: 6)
    script.frame(.softirqEntry, 900, 0, pid: 20, number: 1)
    script.frame(.softirqExit, 950, 0, pid: 20, number: 1)
    var replay = script.replay()
    let rows = replay.takeDeferred()
    let tasklet = try #require(rows.first { $0.name == "TASKLET" })
    #expect(tasklet.functions.map(\.name) == ["slow"])
    #expect(tasklet.functions.map(\.net) == [RunQueueScript.us(800)])
    let timer = try #require(rows.first { $0.name == "TIMER" })
    #expect(timer.before.map(\.text) == ["softirq TASKLET slow"])
    #expect(timer.parts.otherWork == RunQueueScript.us(800))
    #expect(timer.latency == RunQueueScript.us(840))
  }

  @Test func `a late work item names the one before it`() throws {
    let worker: (Int32, String) = (40, "kworker/0:1")
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", worker)
    script.work(.workQueue, 10, 0, pid: 40, item: 1, "slow")
    script.work(.workStart, 20, 0, pid: 40, item: 1, "slow")
    script.work(.workQueue, 30, 0, pid: 40, item: 2, "late")
    script.work(.workEnd, 900, 0, pid: 40, item: 1, "slow")
    script.work(.workStart, 910, 0, pid: 40, item: 2, "late")
    script.work(.workEnd, 920, 0, pid: 40, item: 2, "late")
    var replay = script.replay()
    let late = try #require(replay.takeDeferred().first { $0.name == "late" })
    #expect(late.before.map(\.text) == ["slow"])
    #expect(late.before.map(\.net) == [RunQueueScript.us(870)])
    #expect(late.parts.otherWork == RunQueueScript.us(870))
  }
}
