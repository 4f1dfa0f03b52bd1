internal import CRealtime
internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import TraceModel

/// One measuring thread: its set-up, its warm-up, and the raw memory that its loop works on.
final class MeasuringThread: @unchecked Sendable {
  let plan: ThreadPlan
  private let measurement: MeasurementPlan
  private let memory: EngineMemory
  private let wake: Int32
  let recorder: UnsafeMutablePointer<Recorder>
  private let own = LoopMemory()
  /// The pthread, set by the creator.
  var handle = pthread_t()

  // Written by the thread before it reports ready, read afterwards.
  private(set) var tid: Int32 = 0
  private(set) var policy: SchedulingPolicy = .other
  private(set) var priority: Int32 = 0
  private(set) var failure: MeasurementError?
  /// The common start or `LoopOrder.notAligned`, written by `begin()` before the threads go.
  let alignedStart: UnsafeMutablePointer<Int64>
  // Written by the thread at its end, read once `finished` is set.
  private let finished = Atomic<Bool>(false)
  private var usageOfRun = ThreadUsage()
  private var waitError: Int32 = 0

  /// Bytes of each thread's stack; as much as the loop and the set-up need, many times over.
  static let stackSize = 512 * 1024
  /// Expiries of warm-up cycles are at most this far apart, so that long intervals start soon.
  static let longestWarmupInterval: Int64 = 200_000
  /// The latencies of the self-test, first those of `prepare()`, then those after `begin()`; empty
  /// without one.
  private let selfTests: [UnsafeMutablePointer<Recorder>]

  init(plan: ThreadPlan, measurement: MeasurementPlan, memory: EngineMemory, wake: Int32) {
    self.plan = plan
    self.measurement = measurement
    self.memory = memory
    self.wake = wake
    recorder = .allocate(capacity: 1)
    recorder.initialize(
      to: Recorder(
        buckets: measurement.histogramBuckets, sampleCapacity: measurement.sampleCapacity))
    let tests = measurement.selfTestCycles
    selfTests = (0..<(tests > 0 ? 2 : 0)).map { _ in
      let test = UnsafeMutablePointer<Recorder>.allocate(capacity: 1)
      test.initialize(to: Recorder(buckets: 0, sampleCapacity: Int(clamping: tests)))
      return test
    }
    alignedStart = .allocate(capacity: 1)
    alignedStart.initialize(to: LoopOrder.notAligned)
  }

  deinit {
    recorder.deinitialize(count: 1)
    recorder.deallocate()
    for test in selfTests {
      test.deinitialize(count: 1)
      test.deallocate()
    }
    alignedStart.deallocate()
  }

  /// The time that the thread waits for (`bt_stop_thread`).
  var buffer: UnsafeMutablePointer<timespec> { own.buffer }

  /// Starts the thread: pthread_create(3).
  func start() throws(MeasurementError) {
    let context = Unmanaged.passRetained(self)
    let error = bt_thread_start(
      &handle, Self.stackSize, -1,
      { context in
        guard let context else { return nil }
        Unmanaged<MeasuringThread>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context.toOpaque())
    if error != 0 {
      context.release()
      throw fault("start", error, hint: error == EAGAIN ? "check ulimit -u and -l" : "")
    }
  }

  /// The statistics so far.
  var statistics: ThreadStatistics {
    var statistics = ThreadStatistics(
      index: plan.index, tid: tid, cpu: plan.affinity?.count == 1 ? plan.affinity?.cpus.first : nil,
      policy: policy, priority: priority, interval: plan.interval)
    recorder.pointee.read(into: &statistics)
    return statistics
  }

  /// Takes the self-test's latencies that are there: those of `prepare()`, those after `begin()`.
  func takeSelfTest() -> SelfTestSamples {
    var samples = SelfTestSamples()
    guard selfTests.count == 2 else { return samples }
    selfTests[0].pointee.ring.drain { samples.before.append($0.latency) }
    selfTests[1].pointee.ring.drain { samples.after.append($0.latency) }
    return samples
  }

  /// The counters over the recorded cycles, nil until the thread has ended.
  var usage: ThreadUsage? { finished.load(ordering: .acquiring) ? usageOfRun : nil }

  /// Why the thread ended early, nil where it did not.
  var runtimeFailure: MeasurementError? {
    guard finished.load(ordering: .acquiring), waitError != 0 else { return nil }
    return fault("wait (\(measurement.waitMode.rawValue))", waitError)
  }

  func fault(_ operation: String, _ error: Int32?, hint: String = "") -> MeasurementError {
    MeasurementError(
      operation: operation, subject: "thread \(plan.index)",
      errno: error.map { Errno(rawValue: $0) }, hint: hint)
  }

  // MARK: in the thread

  private var clock: clockid_t {
    measurement.clock == .monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME
  }

  private var order: LoopOrder {
    LoopOrder(
      selfTestCycles: measurement.selfTestCycles, warmupCycles: measurement.warmupCycles,
      mode: measurement.waitMode,
      interval: plan.interval.count, cycles: measurement.loops == 0 ? .max : measurement.loops,
      duration: measurement.duration?.count ?? .max,
      threshold: measurement.breakThreshold?.count ?? .max, alignedStart: alignedStart)
  }

  private func body() {
    tid = bt_gettid()
    var timer = 0
    do throws(MeasurementError) {
      try setUp()
      if measurement.waitMode == .posixTimer {
        let error = bt_timer_create(clock, &timer)
        if error != 0 { throw fault("create a timer", error, hint: "check ulimit -i") }
      }
    } catch {
      failure = error
    }
    let text = MarkerText(
      in: own.line, tid: tid, policy: policy.number, priority: priority,
      threshold: measurement.breakThreshold ?? .zero)
    if failure == nil {
      // While waiting for signals the stop signal stays blocked and is waited for.
      if !measurement.waitMode.waitsForSignal { bt_unblock_stop() }
      var loop = CyclicLoop(
        thread: plan.index, clock: clock,
        interval: min(plan.interval.count, Self.longestWarmupInterval), timer: timer,
        buffer: buffer, stop: memory.stop, text: text)
      let scratch = UnsafeMutablePointer<Recorder>.allocate(capacity: 1)
      scratch.initialize(to: Recorder(buckets: 4, sampleCapacity: 4))
      rehearse(&loop, scratch)
      let order = self.order
      let (go, recorder, trigger) = (memory.go, recorder, memory.trigger)
      // Without a self-test no cycle of it is run, and the recorder that is passed is never written
      // to.
      let tests = (selfTests.first ?? scratch, selfTests.last ?? scratch)
      _ = loop.test(order.selfTestCycles, recorder: tests.0, trigger: trigger)
      report(ready: memory.preparing)
      while go.pointee.load(ordering: .acquiring) == 0 {
        bt_futex_wait(UnsafeRawPointer(go), 0, 0)
      }
      let error = loop.measure(
        order, recorder: recorder, scratch: scratch, selfTest: tests.1, trigger: trigger)
      if measurement.waitMode == .itimer { _ = bt_itimer_start(0, 0) }
      waitError = error == EINTR ? 0 : error
      usageOfRun = ThreadUsage(from: loop.usageAtStart, to: loop.usageAtEnd)
      scratch.deinitialize(count: 1)
      scratch.deallocate()
    } else {
      report(ready: memory.preparing)
    }
    if measurement.waitMode == .posixTimer, failure == nil { bt_timer_delete(timer) }
    finished.store(true, ordering: .releasing)
    report(ready: memory.running)
  }

  private func report(ready word: UnsafeMutablePointer<Atomic<UInt32>>) {
    let left = word.pointee.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    if left == 0 {
      if word == memory.running { bt_eventfd_signal(wake) }
      bt_futex_wake(UnsafeRawPointer(word))
    }
  }

  private func setUp() throws(MeasurementError) {
    _ = bt_set_name(plan.comm)
    if let affinity = plan.affinity { try pin(to: affinity) }
    if let slack = measurement.timerSlack {
      let error = bt_set_timer_slack(UInt(slack.count))
      if error != 0 { throw fault("set the timer slack to \(slack.count) ns", error) }
    }
    bt_touch_stack(Self.stackSize / 4)
    try setScheduler()
  }

  private func pin(to affinity: CPUSet) throws(MeasurementError) {
    let cpus = affinity.cpus.map { Int32($0) }
    let operation = "run on CPU \(affinity.list)"
    let error = bt_set_affinity(cpus, cpus.count)
    if error != 0 {
      throw fault(
        operation, error,
        hint: "these CPUs do not exist, are offline, or are outside the cpuset of the process")
    }
    var got = [Int32](repeating: 0, count: CPUSet.highest + 1)
    let count = bt_get_affinity(&got, got.count)
    if count < 0 { throw fault("read the CPU affinity back", Int32(-count)) }
    let actual = CPUSet(got.prefix(count).map { Int($0) })
    if actual != affinity {
      throw fault(operation, nil, hint: "the kernel only granted CPU \(actual.list)")
    }
  }

  private func setScheduler() throws(MeasurementError) {
    let wanted = "\(plan.policy.rawValue), priority \(plan.priority)"
    let error = bt_set_scheduler(plan.policy.number, plan.priority)
    if error != 0 {
      throw fault(
        "set policy \(wanted)", error,
        hint: error == EPERM
          ? "the process lacks the privilege, or its cgroup has no cpu.rt_runtime_us; run as root, "
            + "or grant CAP_SYS_NICE or an rtprio limit" : "")
    }
    var number: Int32 = 0
    let readError = bt_get_scheduler(&number, &priority)
    if readError != 0 { throw fault("read the policy back", readError) }
    guard let policy = SchedulingPolicy(number: number), policy == plan.policy,
      priority == plan.priority
    else {
      throw fault(
        "set policy \(wanted)", nil,
        hint: "the kernel reports policy number \(number), priority \(priority)")
    }
    self.policy = policy
  }

  /// Calls everything that the loop calls, the break included, so that its code and data are in
  /// memory and its symbols resolved.
  private func rehearse(_ loop: inout CyclicLoop, _ scratch: UnsafeMutablePointer<Recorder>) {
    let others = EngineMemory()
    loop.next = bt_clock(clock) - 1_000_000_000
    _ = loop.run(scratch, cycles: 2, end: .max, threshold: 0, trigger: others.trigger)
    let length = loop.text.format(cpu: 0, sequence: 0, expiry: 0, wake: 0)
    _ = bt_write(-1, loop.text.line(length), length)
    loop.sequence = 0
    withExtendedLifetime(others) {}
  }
}
