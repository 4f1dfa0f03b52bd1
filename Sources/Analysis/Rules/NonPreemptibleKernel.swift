import TraceModel

/// The preemption model of the kernel does not preempt kernel code, and the running task stayed in
/// the kernel.
///
/// Evidence: need-resched was set, the task that the wakeup had interrupted continued, and the
/// model is none or voluntary (lazy for a normal thread). The switch comes at the next voluntary
/// preemption point, often with prev_state R+. The name is the innermost function of the stack that
/// is not a helper, or the work item.
///
/// Ruled out by: an interrupt that stopped user space, which is preempted at once; need-resched not
/// set; or an idle CPU.
///
/// Next step: use preempt=full (CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT. The interrupted task is not
/// the cause.
struct NonPreemptibleKernel: Rule {
  static let profile = RuleProfile(
    .nonPreemptibleKernel, needs: [.waking, .switches, .fact(.preemptionModel)],
    proof: [.wakeStack], best: .likely,
    takes:
      "the preemption model (/sys/kernel/debug/sched/preempt, /proc/config.gz or /boot/config) "
      + "and the stack trigger on sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    let sign = spike.context.preemption == nil ? Self.preemptibleSign(spike) : nil
    return KernelSection.examine(spike, as: .nonPreemptibleKernel) { fact in
      if let sign {
        return
          "\(fact) \(sign) in the trace shows that this kernel is built with CONFIG_PREEMPTION: "
          + "preemption was disabled there, or the kernel was booted with preempt=none or "
          + "preempt=voluntary. /sys/kernel/debug/sched/preempt shows the model, the preemptoff "
          + "tracer shows the section."
      }
      return "\(fact) In this kernel, kernel code is preempted only at voluntary points. "
        + "preempt=full (with CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT makes it preemptible."
    }
  }

  /// What in the window only a kernel with CONFIG_PREEMPTION has: its flavour of RCU, or that one's
  /// threads.
  private static func preemptibleSign(_ spike: SpikeCase) -> String? {
    func isSign(_ comm: String) -> Bool { comm == "rcu_preempt" || comm.hasPrefix("rcuop/") }
    for event in spike.events {
      switch event.payload {
      case .switched(let change):
        for task in [change.previous, change.next] where isSign(task.comm) { return task.comm }
      case .waking(let wake), .wakeup(let wake):
        if isSign(wake.task.comm) { return wake.task.comm }
      case .other(let other) where other.name.hasPrefix("rcu_"):
        let isNamed = other.fields.contains { $0.value == "rcu_preempt" }
        if isNamed || other.text?.contains("rcu_preempt") ?? false { return "rcu_preempt" }
      default: break
      }
    }
    return nil
  }
}
