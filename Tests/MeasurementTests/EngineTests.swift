import CRealtime
import Foundation
import Glibc
import Measurement
import Testing
import TraceModel

@Suite(.serialized) struct EngineTests {
  @Test(
    .enabled(if: isRoot, "real-time policies need root"),
    arguments: [
      (SchedulingPolicy.fifo, Int32(80)), (.fifo, 1), (.rr, 7), (.other, 0), (.batch, 0),
      (.idle, 0),
    ])
  func `threads get policy, priority, CPU and name`(policy: SchedulingPolicy, priority: Int32)
    throws
  {
    var plan = quickPlan(interval: 200)
    plan.threads[0].policy = policy
    plan.threads[0].priority = priority
    plan.threads[0].affinity = CPUSet([0])
    let engine = Engine(plan: plan)
    try engine.prepare()
    let tid = try #require(engine.tids.first)
    let seen = try schedulerInProc(tid: tid)
    #expect(seen.policy == policy.number && seen.priority == priority)
    let status = try String(contentsOfFile: "/proc/self/task/\(tid)/status", encoding: .utf8)
    #expect(status.contains("Cpus_allowed_list:\t0\n"))
    #expect(status.contains("Name:\tbreaktrace/0\n"))
    let statistics = try #require(engine.statistics().first)
    #expect(statistics.policy == policy && statistics.priority == priority)
    #expect(statistics.cpu == 0 && statistics.tid == tid && statistics.cycles == 0)
    engine.join()
  }

  @Test(arguments: [WaitMode.clockNanosleep, .relative, .nanosleep, .posixTimer])
  func `each way of waiting keeps the interval`(mode: WaitMode) throws {
    var plan = quickPlan(threads: 2, interval: 1_000, loops: 50)
    plan.waitMode = mode
    let start = bt_clock(CLOCK_MONOTONIC)
    let engine = try finished(plan)
    let elapsed = bt_clock(CLOCK_MONOTONIC) - start
    #expect(engine.failures().isEmpty)
    for thread in engine.statistics() {
      #expect(thread.cycles == 50)
      #expect(thread.early == 0 && thread.minimum > .zero)
    }
    #expect(elapsed >= 50_000_000)
  }

  @Test(arguments: [WaitMode.clockNanosleep, .relative, .nanosleep, .posixTimer])
  func `stop ends a long interval at once`(mode: WaitMode) throws {
    var plan = quickPlan(threads: 2, interval: 10_000_000)
    plan.waitMode = mode
    plan.warmupCycles = 0
    let engine = Engine(plan: plan)
    try engine.prepare()
    engine.begin()
    #expect(!engine.isFinished)
    usleep(20_000)
    let start = bt_clock(CLOCK_MONOTONIC)
    engine.stop()
    engine.join()
    #expect(bt_clock(CLOCK_MONOTONIC) - start < 1_000_000_000)
    #expect(engine.isFinished && engine.statistics().allSatisfy { $0.cycles == 0 })
  }

  @Test func `stop right after begin is never lost`() throws {
    for _ in 0..<100 {
      var plan = quickPlan(interval: 10_000_000)
      plan.warmupCycles = 0
      let engine = Engine(plan: plan)
      try engine.prepare()
      engine.begin()
      engine.stop()
      engine.join()
      #expect(engine.isFinished)
    }
  }

  @Test func `an engine that never began, or was never joined, ends by itself`() throws {
    do {
      let engine = Engine(plan: quickPlan())
      try engine.prepare()
    }
    do {
      let engine = Engine(plan: quickPlan())
      try engine.prepare()
      engine.begin()
    }
    let engine = Engine(plan: quickPlan())
    try engine.prepare()
    engine.join()
    #expect(engine.statistics().first?.cycles == 0)
  }

  @Test func `each thread runs all of its loops`() throws {
    var plan = quickPlan(threads: 2, loops: 60)
    plan.threads[1].interval = Nanoseconds(microseconds: 2_000)
    let engine = try finished(plan)
    #expect(engine.statistics().map(\.cycles) == [60, 60])
    #expect(waitReadable(engine.wakeDescriptor))
  }

  @Test func `no cycle expires behind the duration`() throws {
    var plan = quickPlan(interval: 1_000)
    plan.duration = Nanoseconds(microseconds: 50_500)
    let thread = try #require(try finished(plan).statistics().first)
    // Expiries that a loaded machine passed over at the end are counted, but not recorded.
    #expect(thread.cycles > 0 && thread.cycles <= 50)
  }

  @Test func `statistics agree with the samples, and warm-up is in neither`() throws {
    var plan = quickPlan(loops: 400)
    plan.histogramBuckets = 70
    plan.sampleCapacity = 400
    plan.warmupCycles = 7
    let engine = try finished(plan)
    var samples: [MeasuredSample] = []
    let lost = engine.drainSamples(thread: 0) { samples.append($0) }
    let thread = try #require(engine.statistics().first)
    #expect(lost == 0 && samples.count == 400 && thread.cycles == 400)
    #expect(samples.map(\.sequence) == Array(7..<407))
    #expect(thread.minimum == samples.map(\.latency).min())
    #expect(thread.maximum == samples.map(\.latency).max())
    #expect(thread.latest == samples.last?.latency)
    #expect(thread.sum.count == samples.reduce(0) { $0 + $1.latency.count })
    var histogram = [UInt64](repeating: 0, count: 70)
    var overflows: [UInt64] = []
    for (cycle, sample) in samples.enumerated() {
      let bucket = Int(max(0, sample.latency.microseconds))
      if bucket < 70 { histogram[bucket] += 1 } else { overflows.append(UInt64(cycle)) }
    }
    #expect(thread.histogram == histogram)
    #expect(thread.overflows == UInt64(overflows.count))
    #expect(engine.overflowCycles(thread: 0) == Array(overflows.prefix(70)))
    let usage = try #require(engine.usage().first ?? nil)
    #expect(usage.voluntarySwitches > 0 && usage.voluntarySwitches <= 401)
  }

  @Test func `a full ring loses new samples and counts them`() throws {
    var plan = quickPlan(loops: 50)
    plan.sampleCapacity = 4
    let engine = try finished(plan)
    var sequences: [UInt64] = []
    let lost = engine.drainSamples(thread: 0) { sequences.append($0.sequence) }
    #expect(lost == 46 && sequences == [5, 6, 7, 8])
  }

  @Test func `a reader always sees sums that belong together`() throws {
    var plan = quickPlan(interval: 50)
    plan.histogramBuckets = 100
    let engine = Engine(plan: plan)
    try engine.prepare()
    engine.begin()
    var last: UInt64 = 0
    for _ in 0..<2_000 {
      let thread = engine.statistics()[0]
      #expect(thread.histogram.reduce(0, +) + thread.overflows == thread.cycles)
      #expect(thread.cycles >= last)
      last = thread.cycles
      if last > 500 { break }
      usleep(100)
    }
    #expect(last > 0)
    engine.stop()
    engine.join()
  }

  @Test(arguments: [
    (MeasurementPlan.Alignment.common(offset: Nanoseconds(100_000)), Int64(100_000), nil),
    (.common(offset: .zero), 0, nil), (.fullSecond(offset: Nanoseconds(30_000)), 0, Int64(30_000)),
  ])
  func `aligned threads expire together, or apart by the offset`(
    alignment: MeasurementPlan.Alignment, apart: Int64, phase: Int64?
  ) throws {
    let interval: Int64 = 1_000_000
    var plan = quickPlan(threads: 2, interval: 1_000, threshold: 0)
    plan.alignment = alignment
    plan.afterHit = .goOn
    let engine = Engine(plan: plan)
    try engine.prepare()
    engine.begin()
    // A hit keeps its expiry; which thread takes it is chance.
    var expiries: [Int: Int64] = [:]
    for attempt in 0..<2_000 where expiries.count < 2 {
      #expect(waitReadable(engine.wakeDescriptor))
      let hit = try #require(engine.hit)
      expiries[hit.thread] = hit.expiry.count
      usleep(UInt32(attempt * 37 % 1_000))
      engine.rearm()
    }
    engine.stop()
    engine.join()
    let first = try #require(expiries[0])
    let second = try #require(expiries[1])
    #expect(((second - first) % interval + interval) % interval == apart)
    if let phase { #expect(first % interval == phase) }
  }

  @Test(.enabled(if: isRoot, "mlockall of the whole process needs root"))
  func `memory is locked while measuring only`() throws {
    func locked() throws -> Int {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmLck:") } ?? ""
      return Int(line.filter(\.isNumber)) ?? -1
    }
    var plan = quickPlan()
    plan.lockMemory = true
    let engine = Engine(plan: plan)
    try engine.prepare()
    #expect(try locked() > 0)
    engine.join()
    #expect(try locked() == 0)
  }

  @Test func `the PM QoS request is held until the end`() throws {
    let path = "/tmp/breaktrace-dma-\(getpid())"
    #expect(FileManager.default.createFile(atPath: path, contents: Data()))
    defer { unlink(path) }
    func isHeld() throws -> Bool {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").contains {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      }
    }
    var plan = quickPlan()
    plan.dmaLatency = 17
    plan.dmaLatencyPath = path
    let engine = Engine(plan: plan)
    try engine.prepare()
    #expect(try isHeld())
    #expect(FileManager.default.contents(atPath: path) == Data([17, 0, 0, 0]))
    engine.join()
    #expect(try !isHeld())
    #expect(engine.remarks.isEmpty)
  }

  @Test func `a missing PM QoS device is a remark`() throws {
    var plan = quickPlan(loops: 1)
    plan.dmaLatency = 0
    plan.dmaLatencyPath = "/nowhere/cpu_dma_latency"
    let remark = try #require(try finished(plan).remarks.first)
    #expect(
      remark.subject == "/nowhere/cpu_dma_latency" && remark.description.contains("No such file"))
  }
}

@Suite(.serialized) struct EngineErrorTests {
  @Test func `a CPU that is not there is named`() throws {
    var plan = quickPlan(threads: 2)
    plan.threads[1].affinity = CPUSet([4_000])
    let error = try #require(throws: MeasurementError.self) { try Engine(plan: plan).prepare() }
    #expect(error.subject == "thread 1" && error.operation == "run on CPU 4000")
    #expect(error.description.contains("Invalid argument") && !error.hint.isEmpty)
  }

  @Test func `a CPU set that the kernel cuts is named`() throws {
    var plan = quickPlan()
    plan.threads[0].affinity = CPUSet([0, 4_000])
    let error = try #require(throws: MeasurementError.self) { try Engine(plan: plan).prepare() }
    #expect(error.errno == nil && error.hint == "the kernel only granted CPU 0")
    #expect(error.description.hasPrefix("thread 0: cannot run on CPU 0,4000: the kernel"))
  }

  @Test(arguments: [
    (SchedulingPolicy.fifo, Int32(0)), (.rr, 100), (.other, 1), (.idle, -1), (.deadline, 0),
  ])
  func `policies and priorities that do not fit are refused`(
    policy: SchedulingPolicy, priority: Int32
  ) throws {
    var plan = quickPlan()
    plan.threads[0].policy = policy
    plan.threads[0].priority = priority
    let error = try #require(throws: MeasurementError.self) { try plan.validate() }
    #expect(error.operation.contains(policy.rawValue))
  }

  @Test func `plans that contradict themselves are refused`() {
    func refused(_ change: (inout MeasurementPlan) -> Void) -> Bool {
      var plan = quickPlan(threads: 2)
      change(&plan)
      do { try plan.validate() } catch { return true }
      return false
    }
    #expect(!refused { _ in })
    #expect(refused { $0.threads = [] })
    #expect(refused { $0.threads[0].interval = .zero })
    #expect(refused { $0.threads[0].interval = Nanoseconds(.max) })
    #expect(refused { $0.duration = Nanoseconds(.max) })
    #expect(refused { $0.alignment = .common(offset: Nanoseconds(.max)) })
    #expect(refused { $0.alignment = .fullSecond(offset: Nanoseconds(.min)) })
    #expect(refused { $0.threads[0].affinity = CPUSet([]) })
    #expect(refused { $0.histogramBuckets = -1 })
    #expect(refused { $0.histogramBuckets = MeasurementPlan.maximumBuckets + 1 })
    #expect(refused { $0.sampleCapacity = -1 })
    #expect(refused { $0.breakThreshold = Nanoseconds(-1) })
    #expect(refused { $0.duration = .zero })
    #expect(refused { $0.waitMode = .itimer })
  }
}
