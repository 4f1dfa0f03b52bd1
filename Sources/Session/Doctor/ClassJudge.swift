import Analysis
import Report
import Tracefs

/// Compares what the rules need with what a kernel provides.
struct ClassJudge {
  let evidence: DoctorEvidence
  /// What the rules will know in a run on this machine.
  let context: SystemContext
  /// Events that each run records.
  let standing: Set<String>

  /// The verdict on every class, in the catalogue's order.
  var verdicts: [ClassVerdict] {
    CulpritClass.allCases.map { culprit in
      guard let profile = RuleCatalogue.profile(of: culprit) else {
        return verdict(culprit, .unseen, "no rule in this version", hasRule: false)
      }
      return verdict(profile)
    }
  }

  private func verdict(_ profile: RuleProfile) -> ClassVerdict {
    let culprit = profile.culprit
    if culprit == .unknown {
      return verdict(
        culprit, .suspected, "time without a known cause is reported, to the nanosecond")
    }
    if let reason = ImpossibleCauses.reason(culprit, evidence, context) {
      return verdict(culprit, .absent, reason)
    }
    if let hidden = hiddenByHost(culprit) { return hidden }
    if culprit == .cpuFrequency, evidence.machine.governors == nil {
      return verdict(
        culprit, .unseen, "no cpufreq driver reports the frequency",
        change: evidence.isGuest ? "bare metal" : "CONFIG_CPU_FREQ with a driver", gives: .suspected
      )
    }
    let full: ClassVerdict.Sight = profile.best == .proven ? .proven : .suspected
    if let missing = profile.needs.first(where: { !isMet($0) }) {
      let gives = profile.proof.allSatisfy(isMet) ? full : .suspected
      return verdict(
        culprit, .unseen, "missing: \(missing.text)",
        change: NeedRemedy.text(missing, of: profile, on: evidence),
        gives: gives)
    }
    let met = profile.needs + profile.proof.filter(isMet)
    let texts = words(met)
    guard let missing = profile.proof.first(where: { !isMet($0) }) else {
      return verdict(culprit, full, texts, events: extraEvents(met))
    }
    return verdict(
      culprit, .suspected, texts, change: NeedRemedy.text(missing, of: profile, on: evidence),
      gives: full == .proven ? .proven : nil, events: extraEvents(met))
  }

  /// The verdict on a class that looks like a pause of the host, nil where no host can be.
  private func hiddenByHost(_ culprit: CulpritClass) -> ClassVerdict? {
    switch (culprit, evidence.machine.platform) {
    case (.hardwareStall, .guest):
      verdict(
        culprit, .unseen, "in a guest, a hardware pause looks like a pause by the host",
        change: "bare metal", gives: .suspected)
    case (.hardwareStall, .unknown):
      verdict(
        culprit, .unseen,
        "if this is a guest, a hardware pause looks like a pause by the host",
        change: NeedRemedy.platform, gives: .suspected)
    case (.idleExit, .guest):
      verdict(
        culprit, .unseen,
        "in a guest, the host handles idle, and an exit from idle looks like a pause",
        change: "bare metal", gives: .suspected)
    default: nil
    }
  }

  private func verdict(
    _ culprit: CulpritClass, _ sight: ClassVerdict.Sight, _ text: String, change: String? = nil,
    gives: ClassVerdict.Sight? = nil, events: [String] = [], hasRule: Bool = true
  ) -> ClassVerdict {
    ClassVerdict(
      culprit: culprit.rawValue, phrase: culprit.phrase, sight: sight, decidedBy: text,
      change: change, changeGives: gives, extraEvents: events, hasRule: hasRule)
  }

  /// Whether this kernel and this program provide a need.
  func isMet(_ need: Need) -> Bool {
    switch need {
    case .events(let names): names.contains(where: evidence.has(event:))
    case .wakeStack:
      evidence.hasSymbols && (evidence.capabilities?.triggers.contains("stacktrace") ?? false)
    case .tracer(let names):
      // The tracepoints of preemptirq give the same sections as the tracers.
      names.contains { evidence.has(tracer: $0) || evidence.has(event: "preemptirq:\($0)") }
    case .fact(let fact): context.knows(fact)
    }
  }

  /// Needs that are met, all events together.
  private func words(_ needs: [Need]) -> String {
    var events: [String] = []
    var others: [String] = []
    for need in needs {
      if case .events(let names) = need {
        events += names.filter { evidence.has(event: $0) && !events.contains($0) }
      } else {
        others.append(need.text)
      }
    }
    return ((events.isEmpty ? [] : ["events " + events.joined(separator: " ")]) + others)
      .joined(separator: "; ")
  }

  /// Events that must be asked for, because a run records none that would do.
  private func extraEvents(_ needs: [Need]) -> [String] {
    needs.compactMap { need in
      guard case .events(let names) = need, !names.contains(where: standing.contains) else {
        return nil
      }
      return names.first(where: evidence.has(event:))
    }
  }
}
