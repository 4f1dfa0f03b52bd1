import Analysis
import Testing
import TraceModel

struct RunQueueReplayTests {
  @Test func `a woken task waits until the switch to it, behind whom the CPU had meanwhile`() throws
  {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(100, 1, by: 30, sleeper)
    script.frame(.irqEntry, 200, 0, pid: 20, number: 5, name: "eth0")
    script.frame(.irqExit, 250, 0, pid: 20, number: 5)
    script.change(400, 0, hog, "R", other)
    script.change(600, 0, other, "S", sleeper)
    let waits = script.waits()
    let wait = try #require(waits.first { $0.task.pid == 10 })
    #expect(wait.latency == RunQueueScript.us(500))
    #expect(wait.cause == .woken)
    #expect(wait.task.comm == "sleeper")
    #expect(
      wait.behind.map { "\($0.text) \($0.net.microseconds) x\($0.count)" }
        == ["hog-20 250 x2", "irq eth0 50 x1", "other-30 200 x1"])
    #expect(wait.unexplained == .zero)
  }

  @Test(arguments: ["R", "R+"])
  func `a preempted task waits from the switch on, and nobody woke it`(state: String) throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", sleeper)
    script.change(100, 0, sleeper, state, hog)
    script.change(900, 0, hog, "S", sleeper)
    let wait = try #require(script.waits().first { $0.task.pid == 10 })
    #expect(wait.cause == .preempted)
    #expect(wait.latency == RunQueueScript.us(800))
    #expect(wait.waker == nil)
  }

  @Test func `a task that was woken while it ran does not wait`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", sleeper)
    script.wake(50, 1, by: 30, sleeper)
    script.change(100, 0, sleeper, "S", hog)
    script.wake(700, 1, by: 30, sleeper)
    script.change(710, 0, hog, "S", sleeper)
    #expect(script.waits().map(\.latency) == [RunQueueScript.us(10)])
  }

  @Test func `a wake-up on the way out counts from the switch`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", sleeper)
    script.wake(99, 1, by: 30, sleeper)
    script.change(100, 0, sleeper, "S", hog)
    script.change(300, 0, hog, "S", sleeper)
    #expect(script.waits().map(\.latency) == [RunQueueScript.us(200)])
  }

  @Test func `stamps of two CPUs that disagree give a wait of zero, not one of centuries`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(105, 1, by: 30, sleeper)
    script.change(104, 0, hog, "S", sleeper)
    let replay = script.replay()
    #expect(replay.total.count == 1)
    #expect(replay.total.maximum == .zero)
    #expect(replay.lateEvents == 1)
  }

  @Test func `the idle task never waits`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.change(500, 0, hog, "S", nobody)
    #expect(script.replay().total.count == 0)
  }

  @Test func `a name is the task's own, never that of the task that leaves`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(100, 1, by: 0, sleeper)
    script.change(20_000, 0, hog, "R", sleeper)
    let wait = try #require(script.waits().first)
    #expect(wait.task == TaskIdentity(pid: 10, comm: "sleeper"))
  }

  @Test func `a task that is moved while it waits is told behind whom it stood on each CPU`() throws
  {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.change(0, 1, nobody, "R", other)
    script.wake(100, 0, by: 20, sleeper, target: 0)
    script.migrate(700, 1, pid: 30, 10, to: 1)
    script.change(800, 1, other, "S", sleeper)
    let wait = try #require(script.waits().first)
    #expect(wait.migrations == 1)
    #expect(
      wait.behind.map { "\($0.text) \($0.net.microseconds)" } == ["hog-20 600", "other-30 100"])
  }

  @Test func `the CPU where it last ran is not taken for the queue where it stands`() throws {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.change(0, 1, nobody, "R", other)
    script.wake(100, 1, by: 30, sleeper, target: 0)
    script.migrate(101, 1, pid: 30, 10, to: 1)
    script.change(900, 1, other, "S", sleeper)
    let wait = try #require(script.waits().first)
    #expect(wait.migrations == 0)
    #expect(wait.behind.map(\.text) == ["other-30"])
  }

  @Test func `a switch out of idle that the kernel did not record does not make a long wait`()
    throws
  {
    var script = RunQueueScript()
    script.change(0, 0, hog, "S", nobody)
    script.wake(100, 0, by: 0, sleeper, flags: EventContext.Bit.hardIRQ)
    // It runs from here on; its timer's interrupts report so.
    script.frame(.vectorEntry, 150, 0, pid: 10, name: "local_timer")
    script.frame(.vectorExit, 160, 0, pid: 10, name: "local_timer")
    script.change(5_000, 0, sleeper, "S", nobody)
    let replay = script.replay()
    #expect(replay.unrecordedSwitches == 1)
    #expect(replay.total.maximum < RunQueueScript.us(51))
  }

  @Test func `waits that go on while events are lost are dropped and counted`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(100, 1, by: 30, sleeper)
    script.lost(200, 1, count: 77)
    script.change(900, 0, hog, "S", sleeper)
    let replay = script.replay()
    #expect(replay.lostEvents == 77)
    #expect(replay.droppedWaits == 1)
    #expect(replay.total.count == 0)
  }

  @Test func `waits below the threshold are counted but are no rows`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(100, 1, by: 30, sleeper)
    script.change(200, 0, hog, "S", sleeper)
    var replay = script.replay(thresholdMicroseconds: 1_000)
    #expect(replay.takeWaits().isEmpty)
    #expect(replay.total.count == 1)
    #expect(replay.perTask.map(\.task.pid) == [10])
  }

  @Test(arguments: [
    (RunQueueFilter(threshold: .zero, comm: "slee*"), [Int32(10)]),
    (RunQueueFilter(threshold: .zero, tids: [30]), [30]),
    (RunQueueFilter(threshold: .zero, cpus: CPUSet([1])), [30]),
    (RunQueueFilter(threshold: .zero), [10, 30]),
  ])
  func `filters choose rows by name, thread and CPU`(filter: RunQueueFilter, tids: [Int32]) {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", hog)
    script.wake(100, 0, by: 20, sleeper)
    script.change(200, 0, hog, "S", sleeper)
    script.wake(300, 0, by: 10, other, target: 1)
    script.change(400, 1, nobody, "R", other)
    var replay = script.replay(filter: filter)
    #expect(replay.takeWaits().map(\.task.pid) == tids)
  }

  @Test func `a thread under two names is told once, an exec is not`() {
    func script(_ isRenamed: Bool) -> [IdentityWarning] {
      var script = RunQueueScript()
      script.task(.rename, 0, 1, pid: 77, 77)
      script.change(1, 0, nobody, "R", (10, "before"))
      if isRenamed { script.task(.rename, 50, 0, pid: 10, 10) }
      script.change(100, 0, (10, "after"), "S", hog)
      script.wake(200, 0, by: 20, (10, "before"))
      var replay = script.replay()
      return replay.takeWarnings()
    }
    #expect(script(true).map(\.tid) == [10])
    #expect(script(true).first?.before == "after")
    #expect(script(false).map(\.before) == ["before"])
  }

  @Test(arguments: [(1, 1), (2, 0)])
  func `a task that is preempted while it renames itself shows the name before`(
    renames: Int, warnings: Int
  ) {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", (10, "sh"))
    // By exec and by prctl(2); the latter's name is not written yet at the switch.
    for number in 0..<renames { script.task(.rename, 50 + Int64(number), 0, pid: 10, 10) }
    script.change(100, 0, (10, "exe"), "R", hog)
    script.change(200, 0, hog, "S", (10, "exe"))
    script.change(300, 0, (10, "done"), "S", nobody)
    var replay = script.replay()
    #expect(replay.takeWarnings().count == warnings)
  }

  @Test func `a kworker under two names is told even where renames are not recorded`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", (10, "kworker/2:0"))
    script.change(100, 0, (10, "kworker/1:0"), "S", hog)
    var replay = script.replay()
    #expect(replay.takeWarnings().map(\.after) == ["kworker/1:0"])
  }

  @Test func `an id that is used again belongs to a new task`() {
    var script = RunQueueScript()
    script.change(0, 0, nobody, "R", sleeper)
    script.change(100, 0, sleeper, "X", hog)
    script.wake(200, 0, by: 20, (10, "newcomer"), kind: .wakeupNew)
    script.change(300, 0, hog, "S", (10, "newcomer"))
    var replay = script.replay()
    let waits = replay.takeWaits()
    #expect(waits.map(\.cause) == [.new])
    #expect(waits.map(\.task.comm) == ["newcomer"])
    #expect(replay.takeWarnings().isEmpty)
  }

  @Test func `odd numbers of a damaged trace are taken without a trap`() {
    var script = RunQueueScript()
    for pid in [Int32.min, -1, .max] {
      script.change(.max / 2_000, 0, (pid, ""), "R", (pid, "x"))
      script.wake(.min / 2_000, 3, by: pid, (pid, "x"), target: pid)
      script.migrate(0, 70, pid: pid, pid, to: pid)
      script.work(.workStart, 5, 1, pid: pid)
      script.frame(.softirqExit, 4, 2, pid: pid, number: pid)
    }
    var far = RunQueueEvent(kind: .switched, time: .max, cpu: .max, pid: 1)
    far.other = 4_000_000
    script.events += [far, RunQueueEvent(kind: .lost, time: .min, cpu: -1, pid: 0)]
    #expect(script.replay(root: 1).eventCount == 17)
  }
}
