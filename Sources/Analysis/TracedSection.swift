import TraceModel

/// A section that irqsoff, preemptoff or preemptirqsoff measured, read from its header and its own
/// lines.
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

  /// What the next step says of it besides.
  private var remarks: [String] = []

  /// What ran nested in it and is a separate cause.
  private var parts: [SectionPart] = []
  private let window: TimeSpan

  init(_ section: LatencySection, of spike: SpikeCase) {
    let all = spike.timeline[cpu: section.cpu]?.events ?? []
    let gaps = spike.timeline[cpu: section.cpu]?.gaps ?? []
    // The stamps of a tracer's lines are rounded.
    let isPaired = section.tracer == "irq_disable" || section.tracer == "preempt_disable"
    let early = section.span.start - Nanoseconds(microseconds: isPaired ? 0 : 2)
    var events = all.filter { $0.time >= early && $0.time <= section.span.end }
    while let last = events.last, events.count > 1, Self.isTracersEnd(last) { events.removeLast() }
    let traced = TracedCalls(events, gaps: gaps)
    window = spike.sample.window
    let started = KernelFunctions.bare(section.startFunction)
    // Where the section's begin is not in the trace, its first line says nothing of it.
    let slack = max(
      Nanoseconds(section.span.length.count / 10), Nanoseconds(microseconds: 20))
    let first = traced.calls.first.flatMap {
      $0.event.time <= section.span.start + slack ? $0 : nil
    }
    let begin = [first?.function ?? "", first?.caller ?? "", started]
    let isCut = gaps.contains {
      $0.span.start < section.span.end && $0.span.end > section.span.start
    }
    isIRQsOff = section.disablesIRQs(events)
    var place = traced.longestStep(in: section.span)
    // The line of the begin is the tracer's: the function that disabled, and the one that the
    // header names.
    if let call = place?.call, call.event == first?.event, call.caller == started,
      !KernelFunctions.isHelper(started)
    {
      place?.name = started
    }
    let isSchedulers = begin.allSatisfy { $0.isEmpty || KernelFunctions.isScheduler($0) }
    let busiest = traced.busiest(in: section.span)?.name ?? ""
    let holder = Self.holder(section, traced, first, busiest)
    name = place?.name ?? (holder.isEmpty && !isSchedulers ? busiest : holder)
    culprit = isIRQsOff ? .irqsOff : .preemptOff
    evidence = [section.evidence]
    let isHandler = begin.contains(where: KernelFunctions.isInterruptPath)
    if isHandler, name.isEmpty || isIRQsOff, let handler = Self.handler(events, begin) {
      culprit = .hardIRQ
      name = handler
    } else if let interrupt = Self.interrupt(events, section.span),
      // Preemption is disabled around it too: there it must be nearly all, or where the time went.
      isIRQsOff || place?.call?.event.context.inHardIRQ == true
        || interrupt.span.length.count / 4 >= section.span.length.count / 5
    {
      culprit = .hardIRQ
      name = interrupt.name.isEmpty ? name : interrupt.name
    }
    if name.isEmpty {
      // The last line before a cut only shows where the copy of the trace ends.
      let last = isCut ? [] : traced.calls.suffix(2).flatMap { [$0.function, $0.caller] }
      let candidates =
        begin + [KernelFunctions.bare(section.endFunction)] + last + Self.lastStack(all)
      let own = candidates.first { !$0.isEmpty && !KernelFunctions.isHelper($0) && $0 != "0" }
      name =
        own ?? (isCut ? section.task?.text : nil) ?? candidates.first { !$0.isEmpty } ?? ""
      if isSchedulers, !started.isEmpty {
        culprit = .schedulerOverhead
        name = started
      }
    }
    // A line costs about a microsecond while IRQs are disabled.
    isInflated =
      traced.calls.count > 20 && Int64(traced.calls.count) * 4_000 > section.span.length.count
    let isOwn = culprit != .hardIRQ && culprit != .schedulerOverhead
    confidence = isOwn && !isInflated ? .proven : .likely
    if isOwn, place == nil {
      // Its length is measured; that all of it was one function's only where that began and ended
      // it.
      let ended = KernelFunctions.bare(section.endFunction)
      if holder.isEmpty, name == busiest {
        confidence = .possible
      } else if !ended.isEmpty, !KernelFunctions.isHelper(ended), ended != name, ended != started {
        confidence = min(confidence, .likely)
      }
    }
    if let event = events.first { evidence.append(Evidence(event, note: "begin")) }
    if let event = events.last, events.count > 1 { evidence.append(Evidence(event, note: "end")) }
    explain(traced, place, section)
    nest(
      SectionPart.all(
        in: events, of: window, begin: begin, least: spike.floor), place)
  }

  /// Takes the parts: one that has half of the section, or the stretch in which the time went, is
  /// what the section was about.
  private mutating func nest(_ found: [SectionPart], _ place: TracedCalls.Place?) {
    parts = found
    if culprit == .hardIRQ {
      // The longest one is what the section is about, whatever the lines call it.
      let hard = parts.indices.filter { parts[$0].culprit == .hardIRQ }
      let own = hard.max { parts[$0].length < parts[$1].length }
      parts = parts.indices.filter { index in
        index != own && !(parts[index].culprit == .hardIRQ && parts[index].name == name)
      }.map { parts[$0] }
      return
    }
    let most = parts.filter { $0.culprit != .hardIRQ }.max { $0.length < $1.length }
    let isPlace =
      !isIRQsOff && place?.call.map { TracedSoftirq.isInside($0.event) } == true
    guard let main = most, isPlace || main.length.count >= window.length.count / 2 else { return }
    culprit = main.culprit
    name = main.name
    confidence = .likely
    evidence = [evidence[0]] + main.evidence + evidence.dropFirst()
    remarks = [main.nextStep]
    parts.removeAll { $0.culprit == main.culprit && $0.name == main.name }
  }

  /// Says where the time went, where that is another function than the one that is named, and what
  /// the section waited for.
  private mutating func explain(
    _ traced: TracedCalls, _ place: TracedCalls.Place?, _ section: LatencySection
  ) {
    let hottest = place ?? traced.hottest(in: section.span)
    if let place, let call = place.call {
      let what =
        place.isLockWait
        ? "\(place.name) waited for a lock" : "the time passed in \(place.name)"
      evidence.append(
        Evidence(call.event, note: "\(what): \(place.length.microseconds) us to the next line"))
    } else {
      var told: Set<String> = [name]
      for hot in [traced.busiest(in: section.span), hottest].compactMap(\.self)
      where told.insert(hot.name).inserted {
        evidence.append(
          Evidence(
            source: "function", text: "\(hot.length.microseconds) us of it passed in \(hot.name)",
            cpu: section.cpu))
      }
    }
    if let place, place.isLockWait {
      confidence = min(confidence, .possible)
      remarks.append(
        "\(place.name) spun for a lock that another CPU held. The trace does not show the owner.")
    }
    let spins = [
      name, place?.call?.function ?? "", place?.call?.caller ?? "", hottest?.name ?? "",
    ].first(where: KernelFunctions.spinsUntilResched)
    if let spins, culprit != .hardIRQ {
      confidence = min(confidence, .possible)
      remarks.append(
        "\(spins) spins for a lock whose owner runs on another CPU. It yields as soon as need-resched "
          + "is set, so it does not delay other tasks for this long. Such sections hide shorter ones "
          + "that do not yield.")
    }
  }

  /// The function that held the section: the function that disabled IRQs or preemption, otherwise
  /// the caller that took the lock at its begin, otherwise the caller that released the lock.
  ///
  /// Where it was done inline the header names the caller of that function, which the tracer's
  /// first line names too. It is the holder unless the time passed in another function: the first
  /// line may be that of a callee.
  private static func holder(
    _ section: LatencySection, _ traced: TracedCalls, _ first: TracedCalls.Call?, _ busiest: String
  ) -> String {
    let started = KernelFunctions.bare(section.startFunction)
    if let first, holds(first.function),
      busiest.isEmpty
        ? first.caller == started || first.caller.isEmpty
        : first.caller == started && busiest == first.function
    {
      return first.function
    }
    let begin = [started, first?.caller ?? "", first?.function ?? ""]
    if let own = begin.first(where: holds) { return own }
    // The scheduler's and the interrupts' own sections are not held by whoever ends them.
    guard begin.contains(where: KernelFunctions.takesLock) else { return "" }
    for call in traced.calls.suffix(3).reversed()
    where KernelFunctions.enablesInterrupts(call.function)
      || call.function.hasPrefix("_raw_spin_unlock")
    {
      if !call.caller.isEmpty, !KernelFunctions.isHelper(call.caller) { return call.caller }
    }
    return ""
  }

  /// Whether a function that a section began in can be what held it: not a helper, and not the way
  /// into the kernel.
  private static func holds(_ name: String) -> Bool {
    !name.isEmpty && name != "0" && !KernelFunctions.isHelper(name)
      && !KernelFunctions.isOutermost(name) && !KernelFunctions.isUserReturn(name)
      && !name.hasPrefix("enter_from_") && !name.hasPrefix("el0") && !name.hasPrefix("el1")
  }

  /// The hard interrupt that had at least half of the section, by the marks of the lines.
  private static func interrupt(_ events: [TraceEvent], _ span: TimeSpan) -> TracedInterrupt? {
    let longest = TracedInterrupt.all(in: events).max { $0.span.length < $1.span.length }
    guard let longest, longest.span.length.count >= span.length.count / 2 else { return nil }
    return longest
  }

  private static func isTracersEnd(_ event: TraceEvent) -> Bool {
    TracedCalls.call(event).map { KernelFunctions.isTracersEnd($0.function) } ?? false
  }

  /// The outcome of the rule of a class: nothing where the section, and what ran nested in it, is
  /// another one's.
  func outcome(_ wanted: CulpritClass, in spike: SpikeCase) -> RuleOutcome {
    var nested = parts.filter { $0.culprit == wanted }.map(\.finding)
    let inflation = " Function tracing makes such sections longer. Measure again without it."
    for index in nested.indices where isInflated { nested[index].nextStep += inflation }
    guard culprit == wanted else { return RuleOutcome(findings: nested) }
    let what = isIRQsOff ? "IRQs" : "preemption"
    var next =
      "Shorten what \(name.isEmpty ? "the section" : name) does with \(what) disabled, or report it "
      + "to the maintainers of that code."
    if !remarks.isEmpty { next = remarks.joined(separator: " ") }
    if isInflated { next += inflation }
    let own = Spans.subtracting(Spans.merged(parts.flatMap(\.spans)), from: [window])
    return RuleOutcome(
      findings: [
        Finding(
          culprit, name: name, confidence: confidence, spans: own, evidence: evidence,
          nextStep: next)
      ] + nested)
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
    let device = TracedInterrupt.all(in: events).max { $0.span.length < $1.span.length }
    if let device, device.isOfDevice { return device.name }
    let entry = begin.first { $0.hasPrefix("sysvec_") || $0.hasPrefix("asm_sysvec_") }
    return entry.map(KernelFunctions.vector) ?? begin.first(where: KernelFunctions.isInterruptPath)
  }
}

extension LatencySection {
  /// Whether interrupts were disabled in it: preemptirqsoff measures both kinds, and the flags of
  /// its first lines say which one this is.
  func disablesIRQs(_ events: [TraceEvent]) -> Bool {
    guard tracer == "preemptirqsoff" else { return tracer == "irqsoff" || tracer == "irq_disable" }
    return (events.first { $0.time > span.start } ?? events.first)?.context.irqsOff ?? true
  }
}
