internal import Glibc
internal import Report
internal import TraceModel

/// Why a fault cannot be injected on this machine.
enum VerifyObstacle {
  /// What decides that, besides the fault.
  struct Machine {
    /// CPUs that this process may use.
    var cpus: CPUSet
    /// sched_rt_runtime_us, negative for no limit; nil where it cannot be read.
    var rtRuntime: Nanoseconds?
    /// sched_rt_period_us
    var rtPeriod: Nanoseconds?
    /// Whether a deadline server serves normal tasks, 6.12 and later.
    var hasDeadlineServer: Bool
    /// uname -m
    var architecture: String?
    /// Whether the kernel is a PREEMPT_RT one.
    var isRT = false
    /// Why pages cannot be held back, nil where they can.
    var pageHold: String?
  }

  /// One clause; nil where nothing is in the way.
  static func text(_ fault: VerifyFault, on machine: Machine) -> String? {
    switch fault {
    case .hogAbove, .hogEqual, .runQueue, .lockOwner: return nil
    case .throttling:
      if machine.cpus.count < 2 {
        return "it requires a second CPU, because the loop blocks this program"
      }
      let isLimited =
        if let runtime = machine.rtRuntime, let period = machine.rtPeriod {
          runtime >= .zero && runtime < period
        } else {
          false
        }
      return isLimited || machine.hasDeadlineServer
        ? nil
        : "throttling is disabled (sched_rt_runtime_us) and the kernel has no deadline server: the loop "
          + "would never be stopped"
    case .pageFaults: return machine.pageHold
    case .shootdown:
      if machine.cpus.count < 2 { return "it requires a second CPU, which has to flush its TLB" }
      if machine.isRT {
        return "on PREEMPT_RT the timers of processes expire in threads, so no process can keep "
          + "another CPU from handling the interrupt that flushes its TLB"
      }
      // They have an instruction for it.
      if ["aarch64", "arm64"].contains(machine.architecture) {
        return "\(machine.architecture ?? "this machine") flushes the TLBs of all CPUs without "
          + "interrupting them"
      }
      return nil
    }
  }
}
