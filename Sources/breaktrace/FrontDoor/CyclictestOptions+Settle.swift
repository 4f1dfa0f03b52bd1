import TraceModel

extension CyclictestOptions {
  /// Settles what options say together: refuses contradictions, fills in what follows.
  ///
  /// What cyclictest resolves with a warning or silently is a note in its dialect and a refusal in ours.
  mutating func settle(_ dialect: Dialect) throws(UsageError) {
    try settleThreads(dialect)
    try settleWait(dialect)
    try settlePriority(dialect)
    try settleResults(dialect)
    try settleSystem(dialect)
    try settleTracer()
    try settleTrace(dialect)
  }

  private func has(_ name: OptionName) -> Bool { given.contains(name) }

  /// A contradiction that cyclictest lives with: throws in our dialect, else notes `outcome`.
  private mutating func contradiction(
    _ dialect: Dialect, _ subject: String, _ problem: String, outcome: String
  ) throws(UsageError) {
    guard dialect == .cyclictest else { throw UsageError(subject, problem) }
    notes.append("\(subject): \(problem): \(outcome)")
  }

  private mutating func settleThreads(_ dialect: Dialect) throws(UsageError) {
    if smp, numa { throw UsageError("-U", "it cannot be used together with -S") }
    if smp || numa {
      let mode = smp ? "-S" : "-U"
      if case .set? = affinity {
        try contradiction(
          dialect, "-a", "\(mode) pins thread N to CPU N already", outcome: "the set is ignored")
      }
      if case .count? = threads {
        try contradiction(
          dialect, "-t", "\(mode) starts one thread for each CPU already",
          outcome: "the number is ignored")
      }
      affinity = .each
      threads = .perCPU
    }
    if has(.aligned), has(.secaligned) {
      throw UsageError("-A", "it cannot be used together with --secaligned")
    }
    if clock == .realtime {
      notes.append("-c 1: a step of CLOCK_REALTIME looks like a latency")
    }
    if relative {
      notes.append("-r: a relative wait drifts, so the run cannot be repeated exactly")
    }
  }

  private mutating func settleWait(_ dialect: Dialect) throws(UsageError) {
    if has(.nanosleep), has(.posixTimers) {
      throw UsageError("-x", "it cannot be used together with -n")
    }
    switch (has(.system), has(.posixTimers)) {
    case (false, false): break
    case (true, false): wait = .nanosleep
    case (false, true): wait = .posixTimer
    case (true, true) where dialect == .breaktrace: wait = .itimer
    case (true, true):
      wait = .nanosleep
      notes.append("-x: it does not go with -s: nanosleep is used, as cyclictest does")
    }
  }

  private mutating func settlePriority(_ dialect: Dialect) throws(UsageError) {
    if let policy, !policy.isRealtime, (priority ?? 0) > 0 || prioritySpread {
      try contradiction(
        dialect, "--policy", "\(policy.rawValue) has no priorities", outcome: "fifo is used")
      self.policy = .fifo
    }
    if let policy, policy.isRealtime, priority == 0 {
      try contradiction(
        dialect, "-p", "0 is no priority of \(policy.rawValue)",
        outcome: "one more than the number of threads is used")
      priority = nil
    }
    if policy == nil, priority == 0, !prioritySpread {
      notes.append("-p 0: the threads run as SCHED_OTHER")
    }
  }

  private mutating func settleResults(_ dialect: Dialect) throws(UsageError) {
    if oscilloscopeReduction > 1, !verbose {
      throw UsageError("-o", "it reduces the values of -v", hint: "add -v")
    }
    if histogram != nil, has(.distance) {
      notes.append("-d is ignored with -h: all threads have the same interval")
    }
    if histogram == nil {
      for (name, label) in [(OptionName.histfile, "--histfile"), (.overflowTimes, "-g")]
      where has(name) {
        try contradiction(
          dialect, label, "there is no histogram without -h or -H", outcome: "it is ignored")
      }
    }
    if spikeThreshold == nil, has(.spikeNodes) {
      try contradiction(
        dialect, "--spike-nodes", "it counts the wake-ups of --spike", outcome: "it is ignored")
    }
    if has(.lockMemory), has(.leaveMemory) {
      throw UsageError("--no-mlockall", "it cannot be used together with -m")
    }
  }

  private mutating func settleSystem(_ dialect: Dialect) throws(UsageError) {
    if has(.defaultSystem) || has(.laptop) {
      if has(.latency) {
        let other = has(.laptop) ? "--laptop" : "--default-system"
        try contradiction(
          dialect, "-e", "\(other) leaves power management alone", outcome: "-e is ignored")
      }
      powerManagement = .untouched
    }
    if countSMI, affinity == nil {
      throw UsageError("--smi", "it needs threads that stay on their CPU", hint: "add -a or -S")
    }
  }

  /// Finds the one tracer that is asked for; two different ones are refused, `-I -P` is `-B`.
  private mutating func settleTracer() throws(UsageError) {
    var wanted: [(label: String, tracer: String)] = []
    if has(.preemptirqs) || (has(.irqsoff) && has(.preemptoff)) {
      wanted.append((has(.preemptirqs) ? "-B" : "-I -P", "preemptirqsoff"))
    } else if has(.irqsoff) {
      wanted.append(("-I", "irqsoff"))
    } else if has(.preemptoff) {
      wanted.append(("-P", "preemptoff"))
    }
    if has(.wakeup) { wanted.append(("-w", "wakeup")) }
    if has(.wakeuprt) { wanted.append(("-W", "wakeup_rt")) }
    if has(.tracer), let tracer { wanted.append(("-T \(tracer)", tracer)) }
    if let first = wanted.first, let other = wanted.first(where: { $0.tracer != first.tracer }) {
      throw UsageError(
        other.label, "it cannot be used together with \(first.label)",
        hint: "one run has one tracer")
    }
    if let first = wanted.first { tracer = first.tracer }
    if tracer == nil, functionTrace { tracer = "function" }
    if !tracerFilter.isEmpty, !functionTrace, tracer != "function", tracer != "function_graph" {
      throw UsageError("--tracer-filter", "it limits the functions of -f", hint: "add -f")
    }
    if tracerFallback, tracer == nil {
      throw UsageError(
        "--tracer-fallback", "no tracer is asked for",
        hint: "add one of -I -P -B -w -W -f -T")
    }
  }

  private func settleEscalation() throws(UsageError) {
    guard escalate else {
      guard has(.escalateBudget) else { return }
      throw UsageError(
        "--escalate-budget", "it limits the steps of --escalate", hint: "add --escalate")
    }
    if !trace { throw UsageError("--escalate", "it cannot be used together with --no-trace") }
    if tracer != nil {
      throw UsageError(
        "--escalate", "it chooses the tracer itself", hint: "leave out -I -P -B -w -W -f -T")
    }
    if has(.spikes) {
      throw UsageError(
        "--escalate", "it takes a spike for each of its steps", hint: "leave out --spikes")
    }
    if has(.noStack) { throw UsageError("--escalate", "its second step records stacks") }
  }

  /// The options that say something of a trace, which is armed with a break only.
  private static let ofTrace: [OptionName] = [
    .irqsoff, .preemptoff, .preemptirqs, .wakeup, .wakeuprt, .tracer, .ftrace, .tracerFilter,
    .tracerFallback, .traceopt, .event, .context, .events, .buffer, .stack, .noStack, .tracemark,
  ]

  private mutating func settleTrace(_ dialect: Dialect) throws(UsageError) {
    if has(.breaktrace), breakThreshold == nil {
      notes.append("-b 0: there is no break, and nothing is traced")
    }
    let labels = Self.ofTrace.filter(has).compactMap { OptionTable.row($0)?.label }
    if breakThreshold == nil {
      for label in labels {
        try contradiction(
          dialect, label, "nothing is traced without -b", outcome: "it is ignored")
      }
      if has(.spikes) || escalate || has(.noTrace) {
        let name: OptionName = has(.spikes) ? .spikes : escalate ? .escalate : .noTrace
        try contradiction(
          dialect, "--\(name.rawValue)", "there is no break without -b", outcome: "it is ignored")
      }
    } else if !trace, let label = labels.first {
      throw UsageError(label, "it cannot be used together with --no-trace")
    }
    try settleEscalation()
    if has(.stack), has(.noStack) {
      throw UsageError("--no-stack", "it cannot be used together with --stack")
    }
  }
}
