extension OptionTable {
  /// When to break, and what is traced until then.
  static let trace: [OptionSpec] = [
    OptionSpec(
      .breaktrace, "b", .required(.number(microseconds)), "USEC", era: .always, group: .trace,
      "Trace, and break when a latency is above (not at) USEC, also with -N. 0 is no break."),
    OptionSpec(
      .spikes, nil, .required(.number(1...1_000_000)), "NUM", era: .own, group: .trace,
      dialects: [.breaktrace],
      "Go on after a break until NUM spikes have been reported (1). Takes two buffers where the kernel "
        + "can exchange them at once."),
    OptionSpec(
      .escalate, era: .own, group: .trace, dialects: [.breaktrace],
      "Where the trace does not prove the cause, trace more and wait for the next spike: stacks, the "
        + "tracer that the spike asks for, function_graph of the function that it names."),
    OptionSpec(
      .escalateBudget, nil, .required(.number(1...microseconds.upperBound)), "USEC", era: .own,
      group: .trace, dialects: [.breaktrace],
      "What a step of --escalate may add to the median wake-up (a quarter of -b, at least 20); one "
        + "that adds more is left out."),
    OptionSpec(
      .buffer, nil, .required(.kibibytes), "KIB", era: .own, group: .trace,
      "Size of the trace buffer for each CPU: KiB (4096), or with K, M or G (4M)."),
    OptionSpec(
      .events, nil, .required(.list), "LIST", era: .own, group: .trace,
      "Trace these events too: systems or system:event, separated by commas. Repeatable."),
    OptionSpec(
      .event, "E", era: .dropped, group: .trace,
      "Trace a broad set of events."),
    OptionSpec(
      .context, "C", era: .dropped, group: .trace,
      "Trace context switches and wake-ups only."),
    OptionSpec(
      .stack, era: .own, group: .trace,
      "Record the stack that a wake-up of a measuring thread interrupts (default)."),
    OptionSpec(
      .noStack, era: .own, group: .trace,
      "Do not record stacks."),
    OptionSpec(
      .noTrace, aliases: ["notrace"], era: .own, group: .trace,
      "Break without tracing anything."),
    OptionSpec(
      .tracemark, era: .later, group: .trace,
      "Mark the break in the trace and stop it, in breaktrace's own tracefs instance; -b does so "
        + "without it too."),
    OptionSpec(
      .irqsoff, "I", era: .dropped, group: .trace,
      "Run the irqsoff tracer. -I -P is -B."),
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
      "Run the tracer of this name, one of the kernel's available_tracers. hwlat looks for gaps of the "
        + "hardware on CPUs that are not measured; osnoise tells net times, without threads of its own."
    ),
    OptionSpec(
      .ftrace, "f", era: .dropped, group: .trace,
      "Trace functions, alone or within the tracer."),
    OptionSpec(
      .tracerFilter, nil, .required(.list), "LIST", era: .own, group: .trace,
      "Functions that -f traces, separated by commas, with * and ?. Repeatable."),
    OptionSpec(
      .tracerFallback, era: .own, group: .trace,
      "Measure with events alone where the kernel refuses the tracer."),
    OptionSpec(
      .traceopt, "O", .required(.word), "OPTION", era: .dropped, group: .trace,
      "Set an ftrace option, or clear it with no in front. Repeatable."),
  ]
}
