import TraceModel

/// A section with preemption disabled, on a kernel that preempts everywhere else.
///
/// Evidence: need-resched was set, the task that the wake-up had interrupted stayed in the kernel, no interrupt or
/// softirq explains it, and the kernel's model is full or rt (lazy for a real-time thread). The name is the innermost
/// function of the stack that is no lock, clock or tracing helper. A section of preemptoff or preemptirqsoff that
/// covers at least 80 % makes it proven. On a kernel that unwinds by frame pointers the caller of a helper is not on
/// the stack where the helper was interrupted in its first or last instructions: the next function is then named with
/// "or its callee", unless a section or the stack at the end of wakeup_rt's tells. Where the switch to the thread is
/// not recorded, it is possible at best, and only if the interrupt that woke the thread shows a preempt depth above 0
/// and the same one at depth 0 is in the trace. A section that preemptoff or preemptirqsoff recorded is judged by its own
/// lines; beside a wakeup tracer, whose lines and stacks take time with preemption disabled, it is possible at best. There
/// the function is the one in which the longest stretch between two lines lies, else the first frame of the stack at
/// the switch that is not a scheduler, lock or preemption helper. A section that spins for a sleeping lock (rwsem, mutex)
/// looks at need-resched and would yield: possible at best.
///
/// Refuted by: an interrupt out of user space, which is left at once; need-resched not set; an idle CPU.
///
/// Next step: a preemptoff trace with function-trace off; on PREEMPT_RT such a section is a bug worth reporting.
struct PreemptOff: Rule {
  static let profile = RuleProfile(
    .preemptOff, needs: [.waking, .switches, .fact(.preemptionModel)],
    proof: [.tracer(["preemptoff", "preemptirqsoff", "preempt_disable"])], best: .proven,
    takes: "CONFIG_PREEMPT_TRACER (or CONFIG_PREEMPTIRQ_TRACEPOINTS); without it the flags and the "
      + "stack of the wake-up make it likely at best.")

  func examine(_ section: LatencySection, of spike: SpikeCase) -> RuleOutcome {
    TracedSection(section, of: spike).outcome(.preemptOff, in: spike)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    KernelSection.examine(spike, as: .preemptOff) { fact in
      "\(fact) A section with preemption disabled of this length is a bug on a "
        + "preemptible kernel. A preemptoff trace (-P) proves begin and end on a kernel with "
        + "CONFIG_PREEMPT_TRACER."
    }
  }
}
