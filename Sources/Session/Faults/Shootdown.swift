internal import CRealtime
internal import Glibc
internal import Synchronization
internal import TraceModel

/// Changes of mappings that wait for another CPU to flush its TLB.
///
/// The other CPU runs a thread of the same process, so it has to be notified by an interrupt. It
/// takes none while thousands of timers expire at once there, and who changes the mapping waits
/// with preemption disabled.
final class Shootdown {
  /// What both threads share; it lives as long as the process.
  private final class Shared: Sendable {
    let cpu: Int32
    let timers: [Int]
    /// When the timers expire next, 0 before they are armed.
    let due = Atomic<Int64>(0)

    init(cpu: Int32, timers: [Int]) {
      self.cpu = cpu
      self.timers = timers
    }
  }

  private let shared: Shared
  private let page: UnsafeMutableRawPointer
  /// Arming takes a microsecond a timer, more while it is traced.
  private static let lead: Int64 = 60_000_000

  /// Makes the timers and starts the thread that arms them; nil where that is not possible.
  init?(_ fault: Fault) {
    guard let partner = fault.partner else { return nil }
    bt_raise_pending_limit()
    // Each takes a third of a microsecond or so, twice that while it is traced.
    let wanted = Int(min(20_000, max(1_000, fault.busy.count / 1_000 * 2)))
    var none = sigset_t()
    sigemptyset(&none)
    sigaddset(&none, SIGALRM)
    pthread_sigmask(SIG_BLOCK, &none, nil)
    var timers: [Int] = []
    while timers.count < wanted {
      var timer = 0
      // As many as the limits allow.
      guard bt_timer_create(CLOCK_MONOTONIC, &timer) == 0 else { break }
      timers.append(timer)
    }
    guard timers.count * 2 >= wanted,
      let page = mmap(
        nil, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      page != UnsafeMutableRawPointer(bitPattern: -1)
    else { return nil }
    self.page = page
    shared = Shared(cpu: Int32(partner), timers: timers)
    var thread = pthread_t()
    let error = bt_thread_start(
      &thread, 256 << 10, -1,
      { argument in
        guard let argument else { return nil }
        Shootdown.keepBusy(Unmanaged<Shared>.fromOpaque(argument).takeRetainedValue())
        return nil
      }, Unmanaged.passRetained(shared).toOpaque())
    guard error == 0 else {
      errno = error
      return nil
    }
  }

  /// The other CPU: arms the timers when asked to and computes until they have expired.
  private static func keepBusy(_ shared: Shared) {
    bt_set_name("bt-flushed")
    var cpu = shared.cpu
    bt_set_affinity(&cpu, 1)
    bt_set_scheduler(SCHED_FIFO, 10)
    var done: Int64 = 0
    while true {
      let due = shared.due.load(ordering: .acquiring)
      guard due != done else {
        usleep(2_000)
        continue
      }
      done = due
      for timer in shared.timers { bt_timer_start(timer, TIMER_ABSTIME, due, 0) }
      while bt_clock(CLOCK_MONOTONIC) < due + 8_000_000 {}
    }
  }

  /// Changes a mapping again and again around the time at which the other CPU takes no interrupt.
  func strike(_ log: inout FaultLogWriter) {
    let due = bt_clock(CLOCK_MONOTONIC) + Self.lead
    shared.due.store(due, ordering: .releasing)
    FaultBody.wait(until: due - 200_000)
    log.open(at: bt_clock(CLOCK_MONOTONIC))
    var last: Int64 = 0
    while last < due + 8_000_000 {
      // A page that was touched: only then is there something to flush.
      page.storeBytes(of: 1, as: UInt8.self)
      let begin = bt_clock(CLOCK_MONOTONIC)
      log.reopen(at: begin)
      mprotect(page, 4_096, PROT_READ)
      mprotect(page, 4_096, PROT_READ | PROT_WRITE)
      last = bt_clock(CLOCK_MONOTONIC)
      log.extend(to: last)
      // What is not longer was not a wait for the other CPU.
      if last - begin > 200_000 { log.open(at: last) }
    }
  }
}
