extension OptionTable {
  /// Number, CPUs, timing and priority of the threads.
  static let threads: [OptionSpec] = [
    OptionSpec(
      .affinity, "a", .optional(.cpus), "CPUS", era: .always, group: .threads,
      "Pin thread N to CPU N, or pin the threads round-robin to a set of CPUs (0-3,5, !2, +0-1, "
        + "all). The last -a wins. A CPU that does not exist is an error."),
    OptionSpec(
      .aligned, "A", .optional(.number(microseconds)), "USEC", era: .always, group: .threads,
      "Align the wakeups of all threads, USEC apart (0). Without it, each thread starts as soon as "
        + "it is ready."),
    OptionSpec(
      .secaligned, nil, .optional(.number(microseconds)), "USEC", era: .later, group: .threads,
      "Align the wakeups of all threads to the next full second plus USEC (0)."),
    OptionSpec(
      .clock, "c", .required(.number(0...1)), "CLOCK", era: .always, group: .threads,
      "Clock of the timers. 0 is CLOCK_MONOTONIC (default). 1 is CLOCK_REALTIME, whose steps look "
        + "like latencies."),
    OptionSpec(
      .distance, "d", .required(.number(microseconds)), "USEC", era: .always, group: .threads,
      "Make the interval of each thread USEC longer than that of the previous one (500). With -h it "
        + "is always 0."),
    OptionSpec(
      .duration, "D", .required(.duration), "TIME", era: .always, group: .threads,
      "Stop after TIME, in seconds or with a suffix s, m, h or d. 0 runs until interrupted."),
    OptionSpec(
      .interval, "i", .required(.number(1...microseconds.upperBound)), "USEC", era: .always,
      group: .threads, "Interval of the first thread (1000)."),
    OptionSpec(
      .loops, "l", .required(.number(0...Int64.max)), "LOOPS", era: .always, group: .threads,
      "Stop each thread after LOOPS wakeups. 0 runs until interrupted (default)."),
    OptionSpec(
      .nanosleep, "n", era: .dropped, group: .threads,
      "Wait with clock_nanosleep (default)."),
    OptionSpec(
      .system, "s", era: .always, group: .threads,
      "Wait with nanosleep, or with setitimer if -x is given too."),
    OptionSpec(
      .posixTimers, "x", aliases: ["posix-timers"], era: .later, group: .threads,
      "Wait with POSIX timers (timer_create)."),
    OptionSpec(
      .relative, "r", era: .always, group: .threads,
      "Use relative instead of absolute timeouts. The run is then not reproducible."),
    OptionSpec(
      .priority, "p", aliases: ["prio"], .required(.number(0...99)), "PRIO", era: .always,
      group: .threads,
      "Real-time priority of the threads. The policy is FIFO unless --policy is given. 0 means "
        + "SCHED_OTHER (default)."),
    OptionSpec(
      .policy, "y", .required(.policy), "NAME", era: .always, group: .threads,
      "Scheduling policy of the threads: other (or normal), batch, idle, fifo or rr."),
    OptionSpec(
      .priospread, "Q", era: .always, group: .threads,
      "Lower the priority by 1 from each thread to the next."),
    OptionSpec(
      .smp, "S", era: .always, group: .threads,
      "Standard SMP test: -a -t -n, with the same priority for all threads."),
    OptionSpec(
      .numa, "U", era: .dropped, group: .threads,
      "Like -S, with the memory of each thread on its own NUMA node."),
    OptionSpec(
      .threads, "t", .optional(.number(1...65_536)), "NUM", era: .always, group: .threads,
      "Number of threads (1). Without NUM, one thread per available CPU."),
  ]

  /// Settings of the machine that are changed during the measurement.
  static let system: [OptionSpec] = [
    OptionSpec(
      .latency, "e", .required(.number(microseconds)), "USEC", era: .always, group: .system,
      "Hold USEC in /dev/cpu_dma_latency (0). 0 keeps the CPUs out of deep idle states."),
    OptionSpec(
      .defaultSystem, era: .later, group: .system,
      "Do not touch power management."),
    OptionSpec(
      .laptop, era: .later, group: .system,
      "Do not touch power management, to save the battery."),
    OptionSpec(
      .lockMemory, "m", era: .always, group: .system,
      "Lock the memory of the process (default)."),
    OptionSpec(
      .leaveMemory, era: .own, group: .system,
      "Do not lock the memory of the process. Page faults then add to the latencies."),
    OptionSpec(
      .mainaffinity, nil, .required(.cpus), "CPUS", era: .later, group: .system,
      "Run the threads that do not measure on CPUS."),
    OptionSpec(
      .smi, era: .later, group: .system,
      "Count system management interrupts (SMIs). Requires -a or -S."),
  ]
}
