import Analysis
import Report
import TraceModel

/// Causes that cannot occur on a machine.
enum ImpossibleCauses {
  /// Why `culprit` cannot occur, nil where it can.
  static func reason(
    _ culprit: CulpritClass, _ evidence: DoctorEvidence, _ context: SystemContext
  ) -> String? {
    switch culprit {
    case .hypervisor:
      evidence.machine.platform == .bareMetal ? "the kernel runs on bare metal" : nil
    case .timerSoftirq:
      context.preemption.map { $0 != .rt } ?? false
        ? "no PREEMPT_RT, so timers expire in the IRQ handler" : nil
    case .preemptOff:
      context.preemption?.isPreemptible == false
        ? "the kernel is not preemptible, see non-preemptible-kernel" : nil
    case .nonPreemptibleKernel:
      context.preemption?.isPreemptible == true ? "the kernel is preemptible" : nil
    case .remoteEnqueue, .migration, .tlbShootdown, .stopMachine:
      evidence.machine.online?.cpus.count == 1 ? "only one CPU is online" : nil
    case .idleExit:
      ["none", nil].contains(evidence.machine.idleDriver) ? "no cpuidle driver" : nil
    case .rtThrottling: throttling(context)
    case .deadlineServer:
      context.hasDeadlineServer == false ? "the fair server requires Linux 6.12" : nil
    case .isolationBroken:
      context.isolatedCPUs.isEmpty && (context.nohzFullCPUs?.isEmpty ?? true)
        ? "no CPU is isolated (isolcpus=, nohz_full=)" : nil
    default: nil
    }
  }

  private static func throttling(_ context: SystemContext) -> String? {
    if let runtime = context.rtRuntime, runtime.count < 0 {
      return "throttling is disabled (sched_rt_runtime_us is -1)"
    }
    if context.hasDeadlineServer == true, context.hasRTGroupScheduling == false {
      return "replaced by the deadline server without CONFIG_RT_GROUP_SCHED"
    }
    return nil
  }
}
