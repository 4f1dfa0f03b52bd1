import TraceModel

/// A section that irqsoff, preemptoff or preemptirqsoff measured, read from its header and its own lines.
struct TracedSection {
  /// Whether interrupts were disabled in it; else preemption was.
  var isIRQsOff: Bool
  /// The class of what it held.
  var culprit: CulpritClass
  /// The function or handler that answers for it, empty where the lines name none.
  var name: String
  /// Proven where begin and end alone decide.
  var confidence: Confidence
  /// The tracer's header and the lines of begin and end.
  var evidence: [Evidence]
  /// Whether function tracing itself made the section much longer.
  var isInflated: Bool

  init(_ section: LatencySection, of spike: SpikeCase) {
    let all = spike.timeline[cpu: section.cpu]?.events ?? []
    let early = section.span.start - Nanoseconds(microseconds: 2)
    let events = all.filter { $0.time >= early && $0.time <= section.span.end }
    let traced = TracedCalls(events)
    let started = KernelFunctions.bare(section.startFunction)
    let begin = [traced.calls.first?.function ?? "", traced.calls.first?.caller ?? "", started]
    isIRQsOff = section.disablesIRQs(events)
    name = traced.dominant(in: section.span) ?? ""
    culprit = isIRQsOff ? .irqsOff : .preemptOff
    if begin.contains(where: KernelFunctions.isInterruptPath), name.isEmpty || isIRQsOff,
      let handler = Self.handler(events, begin)
    {
      culprit = .hardIRQ
      name = handler
    }
    if name.isEmpty {
      let candidates =
        begin + [KernelFunctions.bare(section.endFunction)]
        + traced.calls.suffix(2).flatMap { [$0.function, $0.caller] } + Self.lastStack(all)
      name =
        candidates.first { !$0.isEmpty && !KernelFunctions.isHelper($0) && $0 != "0" }
        ?? candidates.first { !$0.isEmpty } ?? ""
      if begin.allSatisfy({ $0.isEmpty || KernelFunctions.isScheduler($0) }), !started.isEmpty {
        culprit = .schedulerOverhead
        name = started
      }
    }
    // A line costs about a microsecond while interrupts are off.
    isInflated =
      traced.calls.count > 20 && Int64(traced.calls.count) * 4_000 > section.span.length.count
    confidence = culprit == .hardIRQ || isInflated ? .likely : .proven
    evidence = [section.evidence]
    if let event = events.first { evidence.append(Evidence(event, note: "begin")) }
    if let event = events.last, events.count > 1 { evidence.append(Evidence(event, note: "end")) }
  }

  /// The outcome of the rule of a class: nothing where the section is another one's.
  func outcome(_ wanted: CulpritClass, in spike: SpikeCase) -> RuleOutcome {
    guard culprit == wanted else { return .nothing }
    let what = isIRQsOff ? "IRQs" : "preemption"
    var next =
      "Shorten what \(name.isEmpty ? "the section" : name) does with \(what) disabled, or report it "
      + "to the maintainers of that code."
    if isInflated {
      next += " Function tracing makes such sections longer: measure again without it."
    }
    return RuleOutcome(findings: [
      Finding(
        culprit, name: name, confidence: confidence, spans: [spike.sample.window],
        evidence: evidence, nextStep: next)
    ])
  }

  /// The functions of the last stack on the CPU: the tracer writes one at the section's end.
  private static func lastStack(_ events: [TraceEvent]) -> [String] {
    for event in events.reversed() {
      if case .stack(let frames) = event.payload {
        return frames.map { KernelFunctions.bare($0.symbol) }
      }
    }
    return []
  }

  /// The interrupt that ran in the section: by its events, else by its entry function.
  private static func handler(_ events: [TraceEvent], _ begin: [String]) -> String? {
    for event in events {
      switch event.payload {
      case .irqEntry(let irq, let handler): return Occupant.irq(number: irq, handler: handler).name
      case .vectorEntry(let name, _): return name
      default: continue
      }
    }
    let entry = begin.first { $0.hasPrefix("sysvec_") || $0.hasPrefix("asm_sysvec_") }
    return entry.map(KernelFunctions.vector) ?? begin.first(where: KernelFunctions.isInterruptPath)
  }
}

extension LatencySection {
  /// Whether interrupts were disabled in it: preemptirqsoff measures both kinds, and the flags of its first lines say
  /// which one this is.
  func disablesIRQs(_ events: [TraceEvent]) -> Bool {
    guard tracer == "preemptirqsoff" else { return tracer == "irqsoff" || tracer == "irq_disable" }
    return (events.first { $0.time > span.start } ?? events.first)?.context.irqsOff ?? true
  }
}
