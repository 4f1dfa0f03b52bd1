internal import CRealtime
internal import Glibc
internal import Synchronization
internal import SystemPackage
public import TraceModel

/// The measuring threads: `prepare()`, `begin()`, then `stop()` and `join()`.
///
/// `prepare()`, `begin()` and `join()` are called by one thread, once each; everything else may be
/// called from any thread at any time. Deinitialising stops and joins.
public final class Engine: @unchecked Sendable {
  /// The plan.
  public let plan: MeasurementPlan
  /// What could not be had but does not spoil the measurement: no PM QoS device.
  public private(set) var remarks: [MeasurementError] = []
  /// An eventfd(2) that becomes readable when a hit was taken or every thread has ended; -1 before
  /// `prepare()`.
  public private(set) var wakeDescriptor: Int32 = -1

  private enum Phase { case new, prepared, running, joined }

  private let memory = EngineMemory()
  private var threads: [MeasuringThread] = []
  /// The threads that may be signalled: started, and not yet joined.
  private let alive = Mutex<[MeasuringThread]>([])
  private let phase = Mutex<Phase>(.new)
  private var memoryIsLocked = false
  private var dmaLatency: DMALatencyBox?

  /// Makes an engine that has done nothing yet.
  public init(plan: MeasurementPlan) {
    self.plan = plan
  }

  deinit {
    stop()
    join()
    if wakeDescriptor >= 0 { close(wakeDescriptor) }
  }

  // MARK: life

  /// Locks memory, holds PM QoS, creates the threads and gives them what the plan says, read back;
  /// then they wait, warm, for `begin()`.
  ///
  /// After an error nothing of it is left.
  public func prepare() throws(MeasurementError) {
    precondition(phase.withLock { $0 == .new }, "an engine is prepared once")
    try plan.validate()
    if plan.waitMode == .itimer, !ProcessSignals.allThreadsBlockAlarm() {
      throw MeasurementError(
        operation: "wait with setitimer", subject: "process",
        hint: "SIGALRM would kill it; block the signal before any thread is started")
    }
    do throws(MeasurementError) {
      try prepareProcess()
      try startThreads()
    } catch {
      stop()
      release()
      throw error
    }
    phase.withLock { $0 = .prepared }
  }

  /// Lets the threads start, with the descriptors that a hit writes to.
  public func begin(_ descriptors: BreakDescriptors = BreakDescriptors()) {
    phase.withLock {
      precondition($0 == .prepared, "an engine begins once, after prepare()")
      $0 = .running
    }
    memory.arm(descriptors, wake: wakeDescriptor, endsAtHit: plan.afterHit == .end)
    align()
    memory.go.pointee.store(1, ordering: .releasing)
    bt_futex_wake(UnsafeRawPointer(memory.go))
  }

  /// Ends the threads now, in the middle of an interval too; does not wait for them.
  public func stop() {
    memory.stop.pointee.store(1, ordering: .sequentiallyConsistent)
    memory.go.pointee.store(1, ordering: .releasing)
    bt_futex_wake(UnsafeRawPointer(memory.go))
    alive.withLock { threads in
      for thread in threads { bt_stop_thread(thread.handle, thread.buffer) }
    }
  }

  /// Waits until every thread has ended (by loops, duration, hit or `stop()`), and gives memory
  /// lock and PM QoS back. Statistics stay readable.
  public func join() {
    if phase.withLock({ $0 == .new || $0 == .joined }) { return }
    if phase.withLock({ $0 == .prepared }) { stop() }
    var signalled = false
    while true {
      let running = memory.running.pointee.load(ordering: .acquiring)
      if running == 0 { break }
      // A hit ends the other threads by the word alone; those asleep need the signal too.
      if memory.stop.pointee.load(ordering: .relaxed) != 0, !signalled {
        stop()
        signalled = true
      }
      bt_futex_wait(UnsafeRawPointer(memory.running), running, 20_000_000)
    }
    release()
    phase.withLock { $0 = .joined }
  }

  // MARK: what it saw

  /// Whether every thread has ended.
  public var isFinished: Bool {
    phase.withLock { $0 == .running || $0 == .joined }
      && memory.running.pointee.load(ordering: .acquiring) == 0
  }

  /// The threads' ids, in the plan's order; empty before `prepare()`.
  public var tids: [Int32] { threads.map { $0.tid } }

  /// The statistics of each thread so far, in the plan's order.
  public func statistics() -> [ThreadStatistics] { threads.map { $0.statistics } }

  /// Takes the samples that thread number `thread` of the plan has recorded since the last call,
  /// oldest first; one caller at a time. Gives how many were lost since the start because the ring
  /// was full.
  @discardableResult
  public func drainSamples(thread: Int, _ body: (MeasuredSample) -> Void) -> UInt64 {
    let recorder = threads[thread].recorder
    recorder.pointee.ring.drain(body)
    return recorder.pointee.ring.lost
  }

  /// The numbers of the first recorded cycles of thread number `thread` that were beyond the
  /// histogram, counted from 0; at most as many as there are buckets.
  public func overflowCycles(thread: Int) -> [UInt64] {
    threads[thread].recorder.pointee.firstOverflowCycles()
  }

  /// Takes the latencies of thread number `thread` in its self-test; empty without one, and where
  /// they were taken before. One caller at a time.
  public func takeSelfTest(thread: Int) -> SelfTestSamples { threads[thread].takeSelfTest() }

  /// Faults and switches over the recorded cycles of each thread; nil while the thread measures.
  public func usage() -> [ThreadUsage?] { threads.map { $0.usage } }

  /// Why threads ended before their time: a wait that failed. Empty in a sound run.
  public func failures() -> [MeasurementError] { threads.compactMap { $0.runtimeFailure } }

  /// The wakeup that took the break, nil while none did (or since `rearm()`).
  public var hit: BreakHit? {
    guard let record = memory.trigger.pointee.published,
      let thread = threads.first(where: { $0.plan.index == record.thread })
    else { return nil }
    return BreakHit(
      thread: record.thread, cpu: Int(record.cpu), tid: thread.tid, comm: thread.plan.comm,
      sequence: record.sequence, expiry: Nanoseconds(record.expiry),
      wake: Nanoseconds(record.wake), policy: thread.policy, priority: thread.priority,
      threshold: plan.breakThreshold ?? .zero,
      usage: ThreadUsage(from: record.usageAtStart, to: record.usage))
  }

  /// Lets the next latency above the threshold be a hit again (`AfterHit.goOn`); call it when
  /// tracing is on again. False where no hit was there.
  @discardableResult
  public func rearm() -> Bool {
    clearWake()
    return memory.trigger.pointee.rearm()
  }

  /// Makes `wakeDescriptor` unreadable until the next event.
  public func clearWake() {
    if wakeDescriptor >= 0 { bt_eventfd_clear(wakeDescriptor) }
  }

  // MARK: parts

  private func prepareProcess() throws(MeasurementError) {
    let descriptor = bt_eventfd()
    if descriptor < 0 {
      throw MeasurementError(
        operation: "create an eventfd", subject: "process", errno: Errno(rawValue: -descriptor),
        hint: "check ulimit -n")
    }
    wakeDescriptor = descriptor
    var error = bt_install_stop_handler()
    if error != 0 {
      throw MeasurementError(
        operation: "install the stop signal's handler", subject: "process",
        errno: Errno(rawValue: error))
    }
    if let microseconds = plan.dmaLatency {
      do throws(MeasurementError) {
        dmaLatency = try DMALatencyBox(microseconds: microseconds, path: plan.dmaLatencyPath)
      } catch {
        remarks.append(error)
      }
    }
    guard plan.lockMemory else { return }
    error = bt_lock_memory()
    if error != 0 {
      throw MeasurementError(
        operation: "lock its memory (mlockall)", subject: "process",
        errno: Errno(rawValue: error),
        hint: "run as root, grant CAP_IPC_LOCK, raise ulimit -l, or use --no-mlockall"
      )
    }
    memoryIsLocked = true
  }

  private func startThreads() throws(MeasurementError) {
    // The memory of all is made before the first thread runs.
    threads = plan.threads.map { thread in
      let error = thread.memoryNode.map { bt_prefer_node(Int32(clamping: $0)) } ?? 0
      if let node = thread.memoryNode, error != 0 {
        remarks.append(
          MeasurementError(
            operation: "place memory on NUMA node \(node)", subject: "thread \(thread.index)",
            errno: Errno(rawValue: error), hint: "the kernel chooses the node"))
      }
      defer { if thread.memoryNode != nil { _ = bt_prefer_node(-1) } }
      return MeasuringThread(
        plan: thread, measurement: plan, memory: memory, wake: wakeDescriptor)
    }
    for thread in threads {
      // Counted before the start: a thread that is through at once takes its count away.
      memory.preparing.pointee.wrappingAdd(1, ordering: .relaxed)
      memory.running.pointee.wrappingAdd(1, ordering: .relaxed)
      do throws(MeasurementError) {
        try thread.start()
      } catch {
        memory.preparing.pointee.wrappingSubtract(1, ordering: .relaxed)
        memory.running.pointee.wrappingSubtract(1, ordering: .relaxed)
        throw error
      }
      alive.withLock { $0.append(thread) }
    }
    while true {
      let preparing = memory.preparing.pointee.load(ordering: .acquiring)
      if preparing == 0 { break }
      bt_futex_wait(UnsafeRawPointer(memory.preparing), preparing, 20_000_000)
    }
    if let failure = threads.lazy.compactMap({ $0.failure }).first { throw failure }
  }

  private func align() {
    let clock = plan.clock == .monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME
    // The warm-up of the slowest thread comes first.
    let interval = plan.threads.map(\.interval.count).max() ?? 0
    let warmup =
      Int64(clamping: plan.warmupCycles + plan.selfTestCycles + 2)
      * min(interval, MeasuringThread.longestWarmupInterval)
    let start = bt_clock(clock) + warmup
    for (number, thread) in threads.enumerated() {
      switch plan.alignment {
      case .none: break
      case .common(let offset):
        thread.alignedStart.pointee = start + offset.count * Int64(number)
      case .fullSecond(let offset):
        thread.alignedStart.pointee = (start / 1_000_000_000 + 1) * 1_000_000_000 + offset.count
      }
    }
  }

  private func release() {
    let ended = alive.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { pthread_join(thread.handle, nil) }
    dmaLatency = nil
    if memoryIsLocked { bt_unlock_memory() }
    memoryIsLocked = false
  }
}

/// Keeps the request in a class's optional property.
private final class DMALatencyBox {
  private let latency: DMALatency

  init(microseconds: Int32, path: String) throws(MeasurementError) {
    latency = try DMALatency(microseconds: microseconds, path: path)
  }
}
