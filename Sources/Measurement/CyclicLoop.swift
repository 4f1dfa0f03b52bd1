internal import CRealtime
internal import Glibc
internal import Synchronization

/// The measuring loop of one thread: wait, read the clock, look at the threshold, record.
///
/// Nothing in it allocates or locks; the compiler checks that. It works on raw memory that was
/// touched before.
struct CyclicLoop: ~Copyable {
  /// Number of the thread.
  let thread: Int
  /// CLOCK_MONOTONIC or CLOCK_REALTIME.
  let clock: clockid_t
  /// How to wait.
  var mode = WaitMode.clockNanosleep
  /// ns between two expiries.
  var interval: Int64
  /// The POSIX timer of that mode, 0 in the others.
  let timer: Int
  /// The time that the kernel reads; the stop signal's handler zeroes it.
  let buffer: UnsafeMutablePointer<timespec>
  /// Nonzero when the threads are to end.
  let stop: UnsafeMutablePointer<Atomic<UInt32>>
  /// The thread's marker line.
  let text: MarkerText
  /// The next expiry in ns.
  var next: Int64 = 0
  /// Number of the next cycle.
  var sequence: UInt64 = 0
  /// The thread's counters at its first recorded cycle.
  var usageAtStart = bt_usage()
  /// The thread's counters after its last recorded cycle.
  var usageAtEnd = bt_usage()

  init(
    thread: Int, clock: clockid_t, interval: Int64, timer: Int,
    buffer: UnsafeMutablePointer<timespec>, stop: UnsafeMutablePointer<Atomic<UInt32>>,
    text: MarkerText
  ) {
    self.thread = thread
    self.clock = clock
    self.interval = interval
    self.timer = timer
    self.buffer = buffer
    self.stop = stop
    self.text = text
  }

  /// Runs cycles of the self-test, which count nowhere. Gives 0, EINTR where it was stopped, or the
  /// errno of the wait.
  @_noAllocation @_noLocks
  mutating func test(
    _ cycles: UInt64, recorder: UnsafeMutablePointer<Recorder>,
    trigger: UnsafeMutablePointer<BreakTrigger>
  ) -> Int32 {
    if cycles == 0 { return 0 }
    next = bt_clock(clock) &+ interval
    let error = run(recorder, cycles: cycles, end: .max, threshold: .max, trigger: trigger)
    sequence = 0
    return error
  }

  /// Warms up with the interval that is set, then records as `order` says. Gives 0, EINTR where it
  /// was stopped, or the errno of the wait.
  @_noAllocation @_noLocks
  mutating func measure(
    _ order: LoopOrder, recorder: UnsafeMutablePointer<Recorder>,
    scratch: UnsafeMutablePointer<Recorder>, selfTest: UnsafeMutablePointer<Recorder>,
    trigger: UnsafeMutablePointer<BreakTrigger>
  ) -> Int32 {
    var error = test(order.selfTestCycles, recorder: selfTest, trigger: trigger)
    if error != 0 { return error }
    next = bt_clock(clock) &+ interval
    error = run(
      scratch, cycles: order.warmupCycles, end: .max, threshold: .max, trigger: trigger)
    if error != 0 { return error }
    trigger.pointee.rehearse(text)
    usageAtStart = bt_thread_usage()
    usageAtEnd = usageAtStart
    interval = order.interval
    mode = order.mode
    let start = order.start(now: bt_clock(clock))
    next = start &+ interval
    error = startTimer()
    if error != 0 { return error }
    error = run(
      recorder, cycles: order.cycles,
      end: order.duration == .max ? .max : start &+ order.duration, threshold: order.threshold,
      trigger: trigger)
    usageAtEnd = bt_thread_usage()
    return error
  }

  @_noAllocation @_noLocks
  private func startTimer() -> Int32 {
    switch mode {
    case .posixTimer:
      return bt_timer_start(timer, TIMER_ABSTIME, next, interval)
    case .itimer:
      let first = next &- bt_clock(clock)
      return bt_itimer_start(first < 1_000 ? 1_000 : first, interval)
    case .clockNanosleep, .relative, .nanosleep:
      return 0
    }
  }

  /// Runs `cycles` cycles, as long as their expiry lies before `end`; a latency above `threshold`
  /// takes the break. Gives 0, EINTR where it was stopped, or the errno of the wait.
  @_noAllocation @_noLocks
  mutating func run(
    _ recorder: UnsafeMutablePointer<Recorder>, cycles: UInt64, end: Int64, threshold: Int64,
    trigger: UnsafeMutablePointer<BreakTrigger>
  ) -> Int32 {
    var left = cycles
    while left != 0 && next < end {
      let error = wait()
      if error != 0 {
        // Another signal than the stop's (a debugger's, a stopped job): wait again.
        if error == EINTR && stop.pointee.load(ordering: .relaxed) == 0 { continue }
        return error
      }
      var now = bt_clock(clock)
      let latency = now &- next
      if latency > threshold,
        trigger.pointee.take(
          thread: thread, text: text, sequence: sequence, expiry: next, now: now)
      {
        recorder.pointee.record(latency, sequence: sequence, wake: now)
        trigger.pointee.publish(usageAtStart: usageAtStart)
        now = bt_clock(clock)
      } else {
        recorder.pointee.record(latency, sequence: sequence, wake: now)
      }
      sequence &+= 1
      left &-= 1
      next &+= interval
      if next < now { skip(now, recorder) }
    }
    return 0
  }

  @_noAllocation @_noLocks @inline(__always)
  private mutating func wait() -> Int32 {
    switch mode {
    case .clockNanosleep:
      return bt_sleep(clock, TIMER_ABSTIME, next, buffer, stop)
    case .relative:
      next = bt_clock(clock) &+ interval
      return bt_sleep(clock, 0, interval, buffer, stop)
    case .nanosleep:
      // What nanosleep(2) in glibc does.
      next = bt_clock(clock) &+ interval
      return bt_sleep(CLOCK_REALTIME, 0, interval, buffer, stop)
    case .itimer, .posixTimer:
      return bt_wait_alarm(stop)
    }
  }

  /// Leaves out the expiries that have passed, as cyclictest does.
  @_noAllocation @_noLocks @inline(never)
  private mutating func skip(_ now: Int64, _ recorder: UnsafeMutablePointer<Recorder>) {
    var skipped: UInt64 = 0
    switch mode {
    case .posixTimer:
      // The expiry after these has its own signal, perhaps already there.
      skipped = UInt64(truncatingIfNeeded: bt_timer_overrun(timer))
    case .clockNanosleep, .itimer:
      skipped = UInt64(truncatingIfNeeded: (now &- next &- 1) / interval &+ 1)
    case .relative, .nanosleep:
      break
    }
    next &+= Int64(truncatingIfNeeded: skipped) &* interval
    recorder.pointee.addOverruns(skipped)
  }
}
