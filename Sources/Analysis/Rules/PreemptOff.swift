import TraceModel

/// Kernel code disabled preemption, on a kernel that is preemptible everywhere else.
///
/// Evidence: need-resched was set, the task that the wakeup had interrupted stayed in the kernel,
/// no IRQ or softirq explains this, and the preemption model is full or rt (lazy for a real-time
/// thread). The name is the innermost function of the stack that is not a lock, clock or tracing
/// helper. A section of preemptoff or preemptirqsoff that covers at least 80 % makes it proven. On
/// a kernel that unwinds by frame pointers, the caller of a helper is missing if the helper was
/// interrupted in its first or last instructions. The next function is then named with "or its
/// callee", unless a section or the stack at the end of a wakeup_rt trace shows it. If the switch
/// to the thread is not recorded, it is at most possible, and only if the interrupt that woke the
/// thread has a preempt depth above 0 while the trace also contains the same interrupt at depth 0.
/// A section that preemptoff or preemptirqsoff recorded is judged by its own lines. With a wakeup
/// tracer, whose lines and stacks take time with preemption disabled, it is at most possible. The
/// name is then the function with the longest time between two lines, otherwise the first frame of
/// the stack at the switch that is not a scheduler, lock or preemption helper. In a section, the
/// name is the function in which half of the time passed between two lines, otherwise the function
/// that disabled preemption. An inner function that was called repeatedly is only where the time
/// passed. If the section ended in another function, it is at most likely, and if no line shows who
/// began it, possible. A section that spins
/// for a sleeping lock (rwsem, mutex) checks need-resched and would yield, so it is at most
/// possible.
///
/// Ruled out by: an interrupt that stopped user space, which is preempted at once; need-resched not
/// set; or an idle CPU.
///
/// Next step: record a preemptoff trace without function-trace. On PREEMPT_RT such a section is a
/// bug worth reporting.
struct PreemptOff: Rule {
  static let profile = RuleProfile(
    .preemptOff, needs: [.waking, .switches, .fact(.preemptionModel)],
    proof: [.tracer(["preemptoff", "preemptirqsoff", "preempt_disable"])], best: .proven,
    takes: "CONFIG_PREEMPT_TRACER (or CONFIG_PREEMPTIRQ_TRACEPOINTS); without it the flags and the "
      + "stack of the wakeup make it at most likely.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.preemptOff, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    KernelSection.examine(spike, as: .preemptOff) { fact in
      "\(fact) On a preemptible kernel, disabling preemption for this long is a bug. A preemptoff "
        + "trace (-P) proves begin and end on a kernel with "
        + "CONFIG_PREEMPT_TRACER."
    }
  }
}
