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
    KernelSection.examine(spike, as: .nonPreemptibleKernel) { fact in
      "\(fact) In this kernel, kernel code is preempted only at voluntary points. "
        + "preempt=full (with CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT makes it preemptible."
    }
  }
}
