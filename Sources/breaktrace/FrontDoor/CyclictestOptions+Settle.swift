import TraceModel

extension CyclictestOptions {
  /// Settles what options say together: refuses contradictions, fills in what follows.
  ///
  /// What cyclictest resolves silently or with a warning is a note in its dialect, and a refusal in
  /// ours.
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

  /// A contradiction that cyclictest accepts: throws in our dialect, else notes `outcome`.
  private mutating func contradiction(
    _ dialect: Dialect, _ subject: String, _ problem: String, outcome: String
  ) throws(UsageError) {
    guard dialect == .cyclictest else { throw UsageError(subject, problem) }
    notes.append(UsageError(subject, problem, hint: outcome).description)
  }

  /// The refusal of two options that exclude each other.
  private static func conflict(_ subject: String, with other: String) -> UsageError {
    UsageError(subject, "cannot be used together with \(other)")
  }

  /// The refusal of an option that has no effect without another one.
  private static func missing(_ other: String, of subject: String) -> UsageError {
    UsageError(subject, "has no effect without \(other)", hint: "add \(other)")
  }

  private mutating func settleThreads(_ dialect: Dialect) throws(UsageError) {
    if smp, numa { throw Self.conflict("-U", with: "-S") }
    if smp || numa {
      let mode = smp ? "-S" : "-U"
      if case .set? = affinity {
        try contradiction(
          dialect, "-a", "\(mode) already pins thread N to CPU N", outcome: "ignoring the set")
      }
      if case .count? = threads {
        try contradiction(
          dialect, "-t", "\(mode) already starts one thread per CPU",
          outcome: "ignoring the number")
      }
      affinity = .each
      threads = .perCPU
    }
    if has(.aligned), has(.secaligned) {
      throw Self.conflict("-A", with: "--secaligned")
    }
    if clock == .realtime {
      notes.append("-c 1: a step of CLOCK_REALTIME looks like a latency")
    }
    if relative {
      notes.append("-r: relative timeouts drift, so the run is not reproducible")
    }
  }

  private mutating func settleWait(_ dialect: Dialect) throws(UsageError) {
    if has(.nanosleep), has(.posixTimers) {
      throw Self.conflict("-x", with: "-n")
    }
    switch (has(.system), has(.posixTimers)) {
    case (false, false): break
    case (true, false): wait = .nanosleep
    case (false, true): wait = .posixTimer
    case (true, true) where dialect == .breaktrace: wait = .itimer
    case (true, true):
      wait = .nanosleep
      notes.append("-x: cannot be used together with -s; using nanosleep, as cyclictest does")
    }
  }

  private mutating func settlePriority(_ dialect: Dialect) throws(UsageError) {
    if let policy, !policy.isRealtime, (priority ?? 0) > 0 || prioritySpread {
      try contradiction(
        dialect, "--policy", "\(policy.rawValue) has no priorities", outcome: "using fifo")
      self.policy = .fifo
    }
    if let policy, policy.isRealtime, priority == 0 {
      try contradiction(
        dialect, "-p", "0 is not a priority of \(policy.rawValue)",
        outcome: "using the number of threads plus 1")
      priority = nil
    }
    if policy == nil, priority == 0, !prioritySpread {
      notes.append("-p 0: the threads run as SCHED_OTHER")
    }
  }

  private mutating func settleResults(_ dialect: Dialect) throws(UsageError) {
    if oscilloscopeReduction > 1, !verbose {
      throw Self.missing("-v", of: "-o")
    }
    if histogram != nil, has(.distance) {
      notes.append("-d: ignored with -h, all threads have the same interval")
    }
    if histogram == nil {
      for (name, label) in [(OptionName.histfile, "--histfile"), (.overflowTimes, "-g")]
      where has(name) {
        try contradiction(
          dialect, label, "has no effect without -h or -H", outcome: "ignored")
      }
    }
    if spikeThreshold == nil, has(.spikeNodes) {
      try contradiction(
        dialect, "--spike-nodes", "has no effect without --spike", outcome: "ignored")
    }
    if has(.lockMemory), has(.leaveMemory) {
      throw Self.conflict("--no-mlockall", with: "-m")
    }
  }

  private mutating func settleSystem(_ dialect: Dialect) throws(UsageError) {
    if has(.defaultSystem) || has(.laptop) {
      if has(.latency) {
        let other = has(.laptop) ? "--laptop" : "--default-system"
        try contradiction(
          dialect, "-e", "\(other) does not touch power management", outcome: "ignored")
      }
      powerManagement = .untouched
    }
    if countSMI, affinity == nil {
      throw UsageError("--smi", "requires pinned threads", hint: "add -a or -S")
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
        other.label, "cannot be used together with \(first.label)",
        hint: "a run has one tracer")
    }
    if let first = wanted.first { tracer = first.tracer }
    if tracer == nil, functionTrace { tracer = "function" }
    if !tracerFilter.isEmpty, !functionTrace, tracer != "function", tracer != "function_graph" {
      throw Self.missing("-f", of: "--tracer-filter")
    }
    if tracerFallback, tracer == nil {
      throw UsageError(
        "--tracer-fallback", "no tracer is selected",
        hint: "add one of -I -P -B -w -W -f -T")
    }
  }

  private func settleEscalation() throws(UsageError) {
    guard escalate else {
      guard has(.escalateBudget) else { return }
      throw Self.missing("--escalate", of: "--escalate-budget")
    }
    if !trace { throw Self.conflict("--escalate", with: "--no-trace") }
    if tracer != nil {
      throw UsageError(
        "--escalate", "chooses the tracer itself", hint: "omit -I -P -B -w -W -f -T")
    }
    if has(.spikes) {
      throw UsageError(
        "--escalate", "needs one spike per step", hint: "omit --spikes")
    }
    if has(.noStack) {
      throw UsageError("--escalate", "records stacks in its second step", hint: "omit --no-stack")
    }
  }

  /// The options that configure tracing, which is armed only with a threshold.
  private static let ofTrace: [OptionName] = [
    .irqsoff, .preemptoff, .preemptirqs, .wakeup, .wakeuprt, .tracer, .ftrace, .tracerFilter,
    .tracerFallback, .traceopt, .event, .context, .events, .buffer, .stack, .noStack, .tracemark,
  ]

  private mutating func settleTrace(_ dialect: Dialect) throws(UsageError) {
    if has(.breaktrace), breakThreshold == nil {
      notes.append("-b 0: the threshold is disabled, nothing is traced")
    }
    let labels = Self.ofTrace.filter(has).compactMap { OptionTable.row($0)?.label }
    if breakThreshold == nil {
      for label in labels {
        try contradiction(
          dialect, label, "has no effect without -b", outcome: "ignored")
      }
      if has(.spikes) || escalate || has(.noTrace) {
        let name: OptionName = has(.spikes) ? .spikes : escalate ? .escalate : .noTrace
        try contradiction(
          dialect, "--\(name.rawValue)", "has no effect without -b", outcome: "ignored")
      }
    } else if !trace, let label = labels.first {
      throw Self.conflict(label, with: "--no-trace")
    }
    try settleEscalation()
    if has(.stack), has(.noStack) {
      throw Self.conflict("--no-stack", with: "--stack")
    }
  }
}
