import Analysis

/// The one option, privilege or circumstance that would provide what a rule lacks.
enum NeedRemedy {
  /// What lets a guest be distinguished from bare metal.
  static let platform =
    "readable cpuinfo and DMI or device tree (outside containers)"

  /// What gets the SMI counter.
  static let counter = "modprobe msr, as root (MSR_SMI_COUNT)"

  /// What makes steal time grow in a guest.
  static let steal =
    "CONFIG_PARAVIRT, no boot option no-steal-acc, and a hypervisor that counts steal time (QEMU "
    + "-cpu host,kvm-steal-time=on)"

  /// The remedy; if no single one is known, what the rule itself asks for.
  static func text(_ need: Need, of profile: RuleProfile, on evidence: DoctorEvidence) -> String {
    switch need {
    case .wakeStack: "CONFIG_STACKTRACE with CONFIG_KALLSYMS, and root"
    case .tracer(let names):
      FacilityTable.tracers.first { names.contains($0.name) }?.option ?? own(profile)
    case .events: own(profile)
    case .fact(let fact):
      switch fact {
      // Other processors do not count them; the gap that hwlat finds is the proof that is left.
      case .smiCounter where evidence.countsSMI: counter
      case .smiCounter: evidence.has(tracer: "hwlat") ? "-T hwlat" : "CONFIG_HWLAT_TRACER"
      case .steal: steal
      case .hypervisor: platform
      case .bandwidth: "CONFIG_CFS_BANDWIDTH, in a cgroup v2 with the cpu controller"
      case .preemptionModel: "CONFIG_IKCONFIG_PROC"
      case .idleLatencies: "CONFIG_CPU_IDLE with a driver that lists its states"
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
