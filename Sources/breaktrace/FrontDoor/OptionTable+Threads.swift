extension OptionTable {
  /// How many threads, where, when and how urgent.
  static let threads: [OptionSpec] = [
    OptionSpec(
      .affinity, "a", .optional(.cpus), "CPUS", era: .always, group: .threads,
      "Pin thread N to CPU N, or round robin to the CPUs of the set (0-3,5, !2, +0-1, all). The "
        + "last -a wins; a CPU that is not there is an error."),
    OptionSpec(
      .aligned, "A", .optional(.number(microseconds)), "USEC", era: .always, group: .threads,
      "Align the wake-ups of all threads, USEC apart (0). Without it each thread starts when it "
        + "is ready."),
    OptionSpec(
      .secaligned, nil, .optional(.number(microseconds)), "USEC", era: .later, group: .threads,
      "Align the wake-ups of all threads to the next full second plus USEC (0)."),
    OptionSpec(
      .clock, "c", .required(.number(0...1)), "CLOCK", era: .always, group: .threads,
      "Clock of the wake-ups: 0 is CLOCK_MONOTONIC (default), 1 is CLOCK_REALTIME, whose steps "
        + "look like latencies."),
    OptionSpec(
      .distance, "d", .required(.number(microseconds)), "USEC", era: .always, group: .threads,
      "Each thread's interval is this much longer than that of the one before (500); always 0 "
        + "with -h."),
    OptionSpec(
      .duration, "D", .required(.duration), "TIME", era: .always, group: .threads,
      "End after TIME: seconds, or a number with s, m, h or d. 0 is endless."),
    OptionSpec(
      .interval, "i", .required(.number(1...microseconds.upperBound)), "USEC", era: .always,
      group: .threads, "Interval of the first thread (1000)."),
    OptionSpec(
      .loops, "l", .required(.number(0...Int64.max)), "LOOPS", era: .always, group: .threads,
      "End each thread after LOOPS wake-ups. 0 is endless (default)."),
    OptionSpec(
      .nanosleep, "n", era: .dropped, group: .threads,
      "Wait with clock_nanosleep; the default."),
    OptionSpec(
      .system, "s", era: .always, group: .threads,
      "Wait with nanosleep, or together with -x with setitimer."),
    OptionSpec(
      .posixTimers, "x", aliases: ["posix-timers"], era: .later, group: .threads,
      "Wait with POSIX timers (timer_create)."),
    OptionSpec(
      .relative, "r", era: .always, group: .threads,
      "Wait for a span instead of until a point in time: not reproducible."),
    OptionSpec(
      .priority, "p", aliases: ["prio"], .required(.number(0...99)), "PRIO", era: .always,
      group: .threads,
      "Real-time priority of the threads, FIFO where --policy does not say otherwise. 0 is no "
        + "real-time priority (default)."),
    OptionSpec(
      .policy, "y", .required(.policy), "NAME", era: .always, group: .threads,
      "Policy of the threads: other (normal), batch, idle, fifo or rr."),
    OptionSpec(
      .priospread, "Q", era: .always, group: .threads,
      "Give each thread one priority less than the one before."),
    OptionSpec(
      .smp, "S", era: .always, group: .threads,
      "Standard test of a multiprocessor: -a -t -n, the same priority for all."),
    OptionSpec(
      .numa, "U", era: .dropped, group: .threads,
      "As -S, with each thread's memory on its own NUMA node."),
    OptionSpec(
      .threads, "t", .optional(.number(1...65_536)), "NUM", era: .always, group: .threads,
      "Number of threads (1); without NUM one for each CPU that may be used."),
  ]

  /// What is done to the machine for the time of the measurement.
  static let system: [OptionSpec] = [
    OptionSpec(
      .latency, "e", .required(.number(microseconds)), "USEC", era: .always, group: .system,
      "Value held in /dev/cpu_dma_latency (0, which hides the exits from deep C-states)."),
    OptionSpec(
      .defaultSystem, era: .later, group: .system,
      "Leave power management as it is."),
    OptionSpec(
      .laptop, era: .later, group: .system,
      "Leave power management as it is, to save the battery."),
    OptionSpec(
      .lockMemory, "m", era: .always, group: .system,
      "Lock the process's memory; the default."),
    OptionSpec(
      .leaveMemory, era: .own, group: .system,
      "Do not lock the process's memory: page faults become latencies."),
    OptionSpec(
      .mainaffinity, nil, .required(.cpus), "CPUS", era: .later, group: .system,
      "CPUs of everything but the measuring threads."),
    OptionSpec(
      .smi, era: .later, group: .system,
      "Count system management interrupts; needs -a or -S."),
  ]
}
