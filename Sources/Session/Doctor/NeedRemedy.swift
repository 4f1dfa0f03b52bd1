import Analysis

/// The one option, privilege or circumstance that would provide what a rule lacks.
enum NeedRemedy {
  /// The remedy; where no single thing is known, what the rule says of itself.
  static func text(_ need: Need, of profile: RuleProfile) -> String {
    switch need {
    case .wakeStack: "CONFIG_STACKTRACE with CONFIG_KALLSYMS, and root"
    case .tracer(let names):
      FacilityTable.tracers.first { names.contains($0.name) }?.option ?? own(profile)
    case .events: own(profile)
    case .fact(let fact):
      switch fact {
      case .smiCounter: "CONFIG_X86_MSR and root (MSR_SMI_COUNT)"
      case .steal: "CONFIG_PARAVIRT_TIME_ACCOUNTING and a host that tells it"
      case .bandwidth: "CONFIG_CFS_BANDWIDTH, in a cgroup v2 with the cpu controller"
      case .preemptionModel: "CONFIG_IKCONFIG_PROC"
      case .idleLatencies: "CONFIG_CPU_IDLE with a driver that tells its states"
      case .frequency: "CONFIG_CPU_FREQ with a driver"
      case .observerCost: "the self-test at the start of a run"
      default: own(profile)
      }
    }
  }

  /// The rule's own words, as the end of a sentence.
  private static func own(_ profile: RuleProfile) -> String {
    profile.takes.hasSuffix(".") ? String(profile.takes.dropLast()) : profile.takes
  }
}
