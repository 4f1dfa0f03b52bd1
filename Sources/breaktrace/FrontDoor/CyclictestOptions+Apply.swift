extension CyclictestOptions {
  /// Takes one option over; what belongs together is checked when all are there.
  mutating func apply(_ name: OptionName, _ value: OptionValue) throws(UsageError) {
    given.append(name)
    switch (name, value) {
    case (.affinity, .cpus(let set)): affinity = .set(set)
    case (.affinity, _): affinity = .each
    case (.aligned, _): alignment = .common(offset: value.number ?? 0)
    case (.secaligned, _): alignment = .fullSecond(offset: value.number ?? 0)
    case (.clock, .number(let number)): clock = number == 1 ? .realtime : .monotonic
    case (.distance, .number(let number)): distance = number
    case (.duration, .number(let number)): duration = number == 0 ? nil : number
    case (.interval, .number(let number)): interval = number
    case (.loops, .number(let number)): loops = number == 0 ? nil : number
    case (.priority, .number(let number)): priority = Int32(clamping: number)
    case (.policy, .policy(let chosen)): policy = chosen
    case (.priospread, _): prioritySpread = true
    case (.relative, _): relative = true
    case (.smp, _): smp = true
    case (.numa, _): numa = true
    case (.threads, .number(let number)): threads = .count(Int(clamping: number))
    case (.threads, _): threads = .perCPU
    case (.latency, .number(let number)): powerManagement = .hold(number)
    case (.lockMemory, _): lockMemory = true
    case (.leaveMemory, _): lockMemory = false
    case (.mainaffinity, .cpus(let set)): mainAffinity = set
    case (.smi, _): countSMI = true
    case (.help, _): action = .help
    case (.version, _): action = .version
    default:
      if !applyResult(name, value), !applyTrace(name, value) { applyMode(name) }
    }
  }

  private mutating func applyResult(_ name: OptionName, _ value: OptionValue) -> Bool {
    switch (name, value) {
    case (.quiet, _): quiet = true
    case (.verbose, _): verbose = true
    case (.oscope, .number(let number)): oscilloscopeReduction = number
    case (.histogram, .number(let number)): histogram = number
    case (.histofall, .number(let number)):
      histogram = number
      histogramSum = true
    case (.histfile, .text(let path)): histogramFile = path
    case (.overflowTimes, .number(let number)): overflowTimes = number
    case (.json, .text(let path)): jsonFile = path
    case (.nsecs, _): nanoseconds = true
    case (.refreshOnMaximum, _): refreshOnMaximum = true
    case (.unbuffered, _): unbuffered = true
    case (.fifo, .text(let path)): fifo = path
    case (.spike, .number(let number)): spikeThreshold = number == 0 ? nil : number
    case (.spikeNodes, .number(let number)): spikeNodes = number
    case (.resolution, _): checkResolution = true
    case (.debug, _): debug = true
    case (.format, .text(let word)): format = Format(rawValue: word) ?? .text
    case (.output, .text(let path)): output = path
    default: return false
    }
    return true
  }

  private mutating func applyTrace(_ name: OptionName, _ value: OptionValue) -> Bool {
    switch (name, value) {
    case (.breaktrace, .number(let number)): breakThreshold = number == 0 ? nil : number
    case (.spikes, .number(let number)): spikes = number
    case (.escalate, _): escalate = true
    case (.escalateBudget, .number(let number)): escalateBudget = number
    case (.buffer, .number(let number)): bufferKiB = number
    case (.events, .list(let names)): events += names
    case (.event, _): eventTracing = true
    case (.context, _): contextSwitches = true
    case (.stack, _): stack = true
    case (.noStack, _): stack = false
    case (.noTrace, _): trace = false
    case (.tracemark, _): tracemark = true
    case (.tracer, .text(let word)): tracer = word
    case (.ftrace, _): functionTrace = true
    case (.tracerFilter, .list(let names)): tracerFilter += names
    case (.tracerFallback, _): tracerFallback = true
    case (.traceopt, .text(let word)): traceOptions.append(word)
    default: return false
    }
    return true
  }

  /// Options whose meaning depends on others: `settle` reads them from `given`.
  private func applyMode(_ name: OptionName) {
    switch name {
    case .nanosleep, .system, .posixTimers, .defaultSystem, .laptop: break
    case .irqsoff, .preemptoff, .preemptirqs, .wakeup, .wakeuprt: break
    default: preconditionFailure("the option table gives --\(name.rawValue) another argument")
    }
  }
}

extension OptionValue {
  fileprivate var number: Int64? {
    guard case .number(let number) = self else { return nil }
    return number
  }
}
