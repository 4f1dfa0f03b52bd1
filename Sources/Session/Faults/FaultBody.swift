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
      if bt_set_affinity(&number, 1) != 0 { return complain("pin itself to CPU \(cpu)") }
    }
    if bt_set_scheduler(fault.policy.number, fault.priority) != 0 {
      return complain("take policy \(fault.policy.rawValue) \(fault.priority)")
    }
    if fault.nice != 0, setpriority(Int32(PRIO_PROCESS.rawValue), 0, fault.nice) != 0 {
      return complain("take nice \(fault.nice)")
    }
    let start = bt_clock(CLOCK_MONOTONIC)
    let end = start + fault.duration.count
    var next = start + fault.delay.count
    while next < end {
      wait(until: next)
      switch fault.kind {
      case .hog:
        let stop = min(bt_clock(CLOCK_MONOTONIC) + fault.busy.count, end)
        while bt_clock(CLOCK_MONOTONIC) < stop {}
      case .pageOut:
        if !PageOut.evict(process: fault.target) { return complain("evict \(fault.target)") }
      }
      next += fault.period.count
    }
    return 0
  }

  private static func wait(until time: Int64) {
    var when = timespec(tv_sec: Int(time / 1_000_000_000), tv_nsec: Int(time % 1_000_000_000))
    if bt_clock(CLOCK_MONOTONIC) >= time { return }
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nil) == EINTR {}
  }

  private static func complain(_ what: String) -> Int32 {
    let text = "breaktrace: fault: cannot \(what): \(Errno(rawValue: errno))\n"
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    return 3
  }
}
