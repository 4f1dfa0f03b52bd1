import TraceModel

/// The kernel's model does not preempt a task in the kernel, and the running one stayed there.
///
/// Evidence: need-resched was set, the task that the wake-up had interrupted kept the CPU, and the model is none or
/// voluntary (lazy for a normal thread); the switch comes at its next voluntary point, often with prev_state R+. The
/// name is the innermost function of the stack that is no helper, or the work item.
///
/// Refuted by: an interrupt out of user space, which is left at once; need-resched not set; an idle CPU.
///
/// Next step: preempt=full (CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT; the task that stood there is not at fault.
struct NonPreemptibleKernel: Rule {
  static let profile = RuleProfile(
    .nonPreemptibleKernel, needs: [.waking, .switches, .fact(.preemptionModel)],
    proof: [.wakeStack], best: .likely,
    takes:
      "the preemption model (/sys/kernel/debug/sched/preempt, /proc/config.gz or /boot/config) "
      + "and the stack trigger on sched_waking.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    KernelSection.examine(spike, as: .nonPreemptibleKernel) { fact in
      "\(fact) This kernel switches tasks only at the end of such a path. "
        + "preempt=full (with CONFIG_PREEMPT_DYNAMIC) or PREEMPT_RT makes it preemptible."
    }
  }
}
