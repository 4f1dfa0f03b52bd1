extension OptionTable {
  /// The threshold, and what is traced until it is exceeded.
  static let trace: [OptionSpec] = [
    OptionSpec(
      .breaktrace, "b", .required(.number(microseconds)), "USEC", era: .always, group: .trace,
      "Trace, and stop at the first latency above USEC (us, also with -N). 0 disables the threshold."
    ),
    OptionSpec(
      .spikes, nil, .required(.number(1...1_000_000)), "NUM", era: .own, group: .trace,
      dialects: [.breaktrace],
      "Continue until NUM spikes have been reported (1). Uses twice the buffer memory if the kernel "
        + "supports snapshots."),
    OptionSpec(
      .escalate, era: .own, group: .trace, dialects: [.breaktrace],
      "If the trace does not prove the cause, trace more and wait for the next spike: first stacks, "
        + "then the tracer that fits the spike, then function_graph on the function that was named."
    ),
    OptionSpec(
      .escalateBudget, nil, .required(.number(1...microseconds.upperBound)), "USEC", era: .own,
      group: .trace, dialects: [.breaktrace],
      "Skip a step of --escalate that adds more than USEC to the median wakeup latency (a quarter "
        + "of -b, at least 20)."),
    OptionSpec(
      .buffer, nil, .required(.kibibytes), "KIB", era: .own, group: .trace,
      "Size of the ring buffer per CPU, in KiB (4096) or with a suffix K, M or G (4M)."),
    OptionSpec(
      .events, nil, .required(.list), "LIST", era: .own, group: .trace,
      "Trace additional events: a comma-separated list of systems or system:event. Repeatable."),
    OptionSpec(
      .event, "E", era: .dropped, group: .trace,
      "Trace a broad set of events."),
    OptionSpec(
      .context, "C", era: .dropped, group: .trace,
      "Trace only context switches and wakeups."),
    OptionSpec(
      .stack, era: .own, group: .trace,
      "Record the stack that the wakeup of a measuring thread interrupts (default)."),
    OptionSpec(
      .noStack, era: .own, group: .trace,
      "Do not record stacks."),
    OptionSpec(
      .noTrace, aliases: ["notrace"], era: .own, group: .trace,
      "Stop at the threshold without tracing anything."),
    OptionSpec(
      .tracemark, era: .later, group: .trace,
      "Write a marker to the trace and stop tracing at the threshold, in breaktrace's own instance. "
        + "-b always does so."),
    OptionSpec(
      .irqsoff, "I", era: .dropped, group: .trace,
      "Run the irqsoff tracer. -I -P is the same as -B."),
    OptionSpec(
      .preemptoff, "P", era: .dropped, group: .trace,
      "Run the preemptoff tracer."),
    OptionSpec(
      .preemptirqs, "B", era: .dropped, group: .trace,
      "Run the preemptirqsoff tracer."),
    OptionSpec(
      .wakeup, "w", era: .dropped, group: .trace,
      "Run the wakeup tracer."),
    OptionSpec(
      .wakeuprt, "W", era: .dropped, group: .trace,
      "Run the wakeup_rt tracer."),
    OptionSpec(
      .tracer, "T", .required(.word), "TRACER", era: .dropped, group: .trace,
      "Run a tracer from available_tracers. hwlat looks for hardware latencies on CPUs that are not "
        + "measured. osnoise reports net times and runs without its own threads."
    ),
    OptionSpec(
      .ftrace, "f", era: .dropped, group: .trace,
      "Trace functions, alone or inside a tracer."),
    OptionSpec(
      .tracerFilter, nil, .required(.list), "LIST", era: .own, group: .trace,
      "Trace only these functions with -f: a comma-separated list with * and ?. Repeatable."),
    OptionSpec(
      .tracerFallback, era: .own, group: .trace,
      "If the kernel refuses the tracer, continue with events only."),
    OptionSpec(
      .traceopt, "O", .required(.word), "OPTION", era: .dropped, group: .trace,
      "Set an ftrace option, or clear it if the name begins with no. Repeatable."),
  ]
}
