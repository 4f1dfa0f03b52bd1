internal import CRealtime
internal import Glibc
internal import SystemPackage
internal import TraceModel

/// The child's side of a fault.
public enum FaultBody {
  /// Does what `fault` says, until its duration is over.
  ///
  /// - Returns: the process's exit status: 0, or 3 where the disturbance could not be made.
  public static func run(_ fault: Fault) -> Int32 {
    // The parent's death ends it: a hog must not outlive the one who asked for it.
    bt_die_with_parent()
    bt_set_name(fault.name)
    if let cpu = fault.cpu {
      var number = Int32(cpu)
      if bt_set_affinity(&number, 1) != 0 { return complain("pin the task to CPU \(cpu)") }
    }
    // The owner of a lock gets its priority from who waits for it.
    let priority = fault.kind == .lockOwner ? 1 : fault.priority
    if bt_set_scheduler(fault.policy.number, priority) != 0 {
      return complain("set policy \(fault.policy.rawValue), priority \(priority)")
    }
    if fault.nice != 0, setpriority(Int32(PRIO_PROCESS.rawValue), 0, fault.nice) != 0 {
      return complain("set nice \(fault.nice)")
    }
    if fault.nice != 0 { takeGroupNice(fault.nice) }
    var log = FaultLogWriter()
    switch fault.kind {
    case .hog: return disturb(fault) { hog(until: $0, &log) }
    case .pageOut:
      return disturb(fault) { _ in
        log.open(at: bt_clock(CLOCK_MONOTONIC))
        defer { log.extend(to: bt_clock(CLOCK_MONOTONIC)) }
        return PageOut.evict(process: fault.target)
          ? nil : "evict the pages of process \(fault.target)"
      }
    case .lockOwner:
      guard let owner = LockOwner(fault) else { return complain("start a waiting thread") }
      return disturb(fault) { end in
        owner.hold { _ = hog(until: end, &log) }
        return nil
      }
    case .shootdown:
      guard let shootdown = Shootdown(fault) else { return complain("create timers") }
      return disturb(fault) { _ in
        shootdown.strike(&log)
        return nil
      }
    }
  }

  /// Disturbs once every period; the closure gets the end of its turn and reports what it could not
  /// do.
  private static func disturb(_ fault: Fault, _ body: (Int64) -> String?) -> Int32 {
    let start = bt_clock(CLOCK_MONOTONIC)
    let end = start + fault.duration.count
    var next = start + fault.delay.count
    while next < end {
      FaultBody.wait(until: next)
      if let refused = body(min(bt_clock(CLOCK_MONOTONIC) + fault.busy.count, end)) {
        return complain(refused)
      }
      next += fault.period.count
    }
    return 0
  }

  /// Reads the clock until it is `end`; the log gets the stretches in which it really ran.
  private static func hog(until end: Int64, _ log: inout FaultLogWriter) -> String? {
    var last = bt_clock(CLOCK_MONOTONIC)
    log.open(at: last)
    while last < end {
      let now = bt_clock(CLOCK_MONOTONIC)
      // Another task, or the machine, ran; an ordinary interrupt is shorter.
      if now - last > 100_000 { log.open(at: now) }
      log.extend(to: now)
      last = now
    }
    return nil
  }

  static func wait(until time: Int64) {
    var when = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
    if bt_clock(CLOCK_MONOTONIC) >= time { return }
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nil) == EINTR {}
  }

  /// With automatic groups (sched_autogroup_enabled) a nice value counts within a session only: a
  /// its own session has the value as a group. Where there are none nothing is lost.
  private static func takeGroupNice(_ nice: Int32) {
    setsid()
    guard let file = try? FileDescriptor.open("/proc/self/autogroup", .writeOnly) else { return }
    _ = try? file.closeAfter { try file.writeAll("\(nice)".utf8) }
  }

  private static func complain(_ what: String) -> Int32 {
    let text = "cannot \(what): \(Errno(rawValue: errno))"
    FaultLogWriter().complain(text)
    _ = try? FileDescriptor.standardError.writeAll("breaktrace: fault: \(text)\n".utf8)
    return 3
  }
}
