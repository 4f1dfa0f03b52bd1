import Analysis
import Report
import Testing
import TraceModel

@testable import Session
@testable import Tracefs

/// Verdicts on made-up kernels.
struct DoctorTests {
  /// A machine without anything special: bare metal, two CPUs, fully preemptible.
  static func evidence(
    events: [String] = Self.allEvents, tracers: [String] = [],
    triggers: Set<String> = ["stacktrace"]
  ) -> DoctorEvidence {
    var machine = MachineFacts()
    machine.release = "6.12.1-test"
    machine.architecture = "x86_64"
    machine.platform = .bareMetal
    machine.preemption = "full"
    machine.online = CPUSet([0, 1])
    machine.idleDriver = "intel_idle"
    machine.governors = "performance: 0-1"
    machine.smt = "off"
    machine.clockSource = "tsc"
    var tunables = Tunables()
    tunables.rtRuntime = Nanoseconds(950_000_000)
    tunables.rtPeriod = Nanoseconds(1_000_000_000)
    var evidence = DoctorEvidence(
      machine: machine, tunables: tunables,
      capabilities: capabilities(events: events, tracers: tracers, triggers: triggers))
    evidence.hasSymbols = true
    evidence.processorVendor = "GenuineIntel"
    return evidence
  }

  static func capabilities(events: [String], tracers: [String], triggers: Set<String>)
    -> Capabilities
  {
    let root = TracefsRoot(path: "/nowhere")
    return Capabilities(
      clocks: ["local", "mono"], tracers: tracers, events: Set(events.compactMap { EventName($0) }),
      triggers: triggers, options: [:], hasSnapshot: false, hasHistograms: false,
      hasSyntheticEvents: false, hasKprobes: false, hasUprobes: false, hasInstances: true,
      hasSubBufferSize: false, hasThreshold: false, hasFunctionFilter: false, lockdown: nil,
      isRoot: true,
      status: TracefsStatus(
        root: root,
        top: InstanceState(
          name: nil, owner: .topLevel, isTracingOn: true, tracer: "nop", events: [],
          clock: "local", bufferKilobytes: 1_408), instances: [], enabledFunctions: 0,
        tracingThreshold: nil, journals: []))
  }

  /// Every event that a rule needs, but those that are for the latency tracers.
  static let allEvents: [String] = RuleCatalogue.all.flatMap { profile in
    (profile.needs + profile.proof).flatMap { need -> [String] in
      if case .events(let names) = need { names } else { [] }
    }
  }

  private func verdict(_ culprit: CulpritClass, _ evidence: DoctorEvidence) throws -> ClassVerdict {
    try #require(Doctor.verdicts(evidence).first { $0.culprit == culprit.rawValue })
  }

  @Test func `every class has one row, in the catalogue's order`() {
    let names = Doctor.verdicts(Self.evidence()).map(\.culprit)
    #expect(names == CulpritClass.allCases.map(\.rawValue))
    #expect(names.count == 47)
  }

  @Test func `irqs-off is suspected by its stack and proven by a tracer that works`() throws {
    let suspected = try verdict(.irqsOff, Self.evidence())
    #expect(suspected.sight == .suspected)
    #expect(suspected.change == "CONFIG_IRQSOFF_TRACER")
    #expect(suspected.changeGives == .proven)

    var listed = Self.evidence(tracers: ["irqsoff"])
    #expect(try verdict(.irqsOff, listed).sight == .proven)
    #expect(try verdict(.irqsOff, listed).change == nil)
    listed.trials["irqsoff"] = .refused(TracefsError(.write, path: "current_tracer"))
    #expect(try verdict(.irqsOff, listed).sight == .suspected)
  }

  @Test func `without stack and tracer it is not seen, and one of them would change that`() throws {
    let blind = try verdict(.irqsOff, Self.evidence(triggers: []))
    #expect(blind.sight == .unseen)
    #expect(blind.change != nil)
    #expect(blind.changeGives != nil)
  }

  @Test func `a kernel that cannot be looked at proves nothing`() throws {
    var evidence = Self.evidence()
    evidence.capabilities = nil
    let proven = Doctor.verdicts(evidence).filter { $0.sight == .proven }
    #expect(proven.isEmpty)
  }

  @Test(arguments: [
    ("rt", CulpritClass.timerSoftirq, ClassVerdict.Sight.proven),
    ("full", .timerSoftirq, .absent), ("none", .preemptOff, .absent),
    ("none", .nonPreemptibleKernel, .suspected), ("full", .nonPreemptibleKernel, .absent),
    ("full", .preemptOff, .suspected),
  ])
  func `the preemption model decides what can occur`(
    model: String, culprit: CulpritClass, sight: ClassVerdict.Sight
  ) throws {
    var evidence = Self.evidence()
    evidence.machine.preemption = model
    #expect(try verdict(culprit, evidence).sight == sight)
  }

  @Test func `a guest can be stopped by its host, bare metal by its hardware`() throws {
    var evidence = Self.evidence()
    #expect(try verdict(.hypervisor, evidence).sight == .absent)
    #expect(try verdict(.hardwareStall, evidence).sight == .suspected)
    evidence.counters = ["smi"]
    #expect(try verdict(.hardwareStall, evidence).sight == .proven)
    evidence.machine.platform = .guest("KVM")
    #expect(try verdict(.hypervisor, evidence).sight == .suspected)
    #expect(try verdict(.hypervisor, evidence).change == NeedRemedy.steal)
    #expect(try verdict(.hardwareStall, evidence).sight == .unseen)
    #expect(try verdict(.idleExit, evidence).sight == .unseen)
    evidence.counters = ["steal"]
    #expect(try verdict(.hypervisor, evidence).change == nil)
  }

  @Test func `where the platform is not known neither host nor hardware is ruled out`() throws {
    var evidence = Self.evidence()
    evidence.machine.platform = .unknown
    evidence.counters = ["smi"]
    for culprit in [CulpritClass.hypervisor, .hardwareStall] {
      let verdict = try verdict(culprit, evidence)
      #expect(verdict.sight == .unseen)
      #expect(verdict.change == NeedRemedy.platform)
      #expect(!verdict.decidedBy.contains("virtual machine"))
    }
  }

  @Test(
    arguments: [
      ("GenuineIntel", [], NeedRemedy.counter), ("AuthenticAMD", [], "CONFIG_HWLAT_TRACER"),
      (nil, [], "CONFIG_HWLAT_TRACER"), (nil, ["hwlat"], "-T hwlat"),
    ] as [(String?, [String], String)])
  func `what would show a stall of the hardware depends on the processor`(
    vendor: String?, tracers: [String], change: String
  ) throws {
    var evidence = Self.evidence(tracers: tracers)
    evidence.processorVendor = vendor
    #expect(try verdict(.hardwareStall, evidence).change == change)
  }

  @Test func `events beside the standing set are named`() throws {
    let console = try verdict(.printkConsole, Self.evidence())
    #expect(console.extraEvents == ["printk:console"])
    #expect(try verdict(.softirq, Self.evidence()).extraEvents.isEmpty)
  }

  @Test func `a tracer that the kernel refuses is told from one that it lacks`() throws {
    var evidence = Self.evidence(tracers: ["function"])
    evidence.trials["function"] = .refused(
      TracefsError(.write, path: "x", hint: "locked down"))
    let states = FacilityTable.tracerStates(evidence)
    let function = try #require(states.first { $0.name == "function" })
    #expect(function.state == .refused)
    #expect(function.reason?.contains("locked down") ?? false)
    let irqsoff = try #require(states.first { $0.name == "irqsoff" })
    #expect(irqsoff.state == .missing)
    #expect(irqsoff.reason == "requires CONFIG_IRQSOFF_TRACER")
  }

  private func checks(_ change: (inout DoctorEvidence) -> Void) -> [SettingVerdict] {
    var evidence = Self.evidence()
    change(&evidence)
    let clock = ClockVerdict(
      source: "tsc", resolution: Nanoseconds(1), smallestStep: Nanoseconds(1),
      readingCost: Nanoseconds(20), hasTraceClock: true)
    return SettingChecks(evidence: evidence, clock: clock).all
  }

  private func settings(_ change: (inout DoctorEvidence) -> Void) -> [String: SettingVerdict.State]
  {
    Dictionary(uniqueKeysWithValues: checks(change).map { ($0.name, $0.state) })
  }

  @Test(
    arguments: [
      (.bareMetal, "bare metal", nil, "not readable"),
      (.unknown, "not known", "0 since boot", "not readable"),
      (.guest("KVM"), "guest of KVM", "0 since boot", nil),
      (.guest(""), "guest", "0 since boot", nil),
    ] as [(SystemContext.Platform, String, String?, String?)])
  func `the platform is said, and what a silent counter costs there`(
    platform: SystemContext.Platform, value: String, steal: String?, smi: String?
  ) {
    let all = checks { $0.machine.platform = platform }
    func setting(_ name: String) -> SettingVerdict? { all.first { $0.name == name } }
    #expect(setting("platform")?.value == value)
    #expect(setting("steal time")?.value == steal)
    #expect(setting("SMI counter")?.value == smi)
    for silent in [setting("steal time"), setting("SMI counter")].compactMap({ $0 }) {
      #expect(silent.why.contains("verdicts on stretches without events are at most likely"))
      #expect(silent.why.contains("at most likely"))
      #expect(silent.remedy != nil)
    }
  }

  @Test func `counters that can be read and processors without them are told`() {
    let counted = settings {
      $0.machine.platform = .guest("KVM")
      $0.counters = ["steal"]
    }
    #expect(counted["steal time"] == .good)
    #expect(settings { $0.counters = ["smi"] }["SMI counter"] == .good)
    let amd = checks { $0.processorVendor = "AuthenticAMD" }.first { $0.name == "SMI counter" }
    #expect(amd?.value == "none")
    #expect(amd?.remedy == "CONFIG_HWLAT_TRACER")
    let arm = checks {
      $0.machine.architecture = "aarch64"
      $0.machine.clockSource = "jiffies"
    }
    #expect(!arm.contains { $0.name == "SMI counter" })
    #expect(arm.first { $0.name == "clock source" }?.remedy?.contains("tsc") == false)
  }

  @Test func `a machine that is set up well has nothing that spoils`() {
    let states = settings { $0.counters = ["smi"] }
    #expect(!states.values.contains(.spoils))
    #expect(states["governor"] == .good)
  }

  @Test func `settings that spoil a measurement are found`() {
    let states = settings {
      $0.machine.governors = "performance: 0, powersave: 1"
      $0.machine.smt = "on"
      $0.machine.preemption = "voluntary"
      $0.machine.platform = .guest("KVM")
      $0.tunables.hugePages = "always"
      $0.tunables.numaBalancing = 1
      $0.tunables.printkLevel = 7
      $0.tunables.consoles = ["tty0", "ttyS0"]
      $0.config = KernelConfig(text: "CONFIG_PROVE_LOCKING=y\n")
      $0.capabilities?.status.top.events = ["sched:sched_switch"]
    }
    for name in [
      "governor", "SMT", "preemption", "platform", "huge pages", "NUMA balancing",
      "printk console", "debugging", "other tracing",
    ] { #expect(states[name] == .spoils, "\(name)") }
  }

  @Test func `a lockdown that only the kernel log tells is noted, and explains a refusal`() throws {
    #expect(settings { $0.counters = ["lockdown-log"] }["lockdown"] == .note)
    #expect(settings { _ in }["lockdown"] == nil)
    var evidence = Self.evidence(tracers: ["function"])
    evidence.counters = ["lockdown-log"]
    evidence.trials["function"] = .refused(TracefsError(.write, path: "x", hint: "a policy"))
    let function = FacilityTable.tracerStates(evidence).first { $0.name == "function" }
    #expect(function?.reason?.contains("locked down") ?? false)
  }

  @Test func `timers that expire with the tick spoil a measurement`() {
    let clock = ClockVerdict(
      source: "jiffies", resolution: Nanoseconds(4_000_000), smallestStep: Nanoseconds(4_000_000),
      readingCost: Nanoseconds(20), hasTraceClock: true)
    let all = SettingChecks(evidence: Self.evidence(), clock: clock).all
    #expect(all.first { $0.name == "timers" }?.state == .spoils)
  }

  @Test func `the text tells every class once, within 76 columns`() throws {
    let report = Doctor(version: "1").report(Self.evidence(), TracingVerdict(tracefs: "/t"))
    let lines = report.text.split(separator: "\n")
    let classes = lines.prefix { $0 != "Tracing" }
    for culprit in CulpritClass.allCases {
      #expect(classes.count { $0.hasPrefix("  \(culprit.rawValue) ") } == 1, "\(culprit)")
    }
    #expect(lines.allSatisfy { $0.count <= 76 })
    #expect(!report.text.contains("Subject:"))
  }

  @Test func `JSON gives the same report back`() throws {
    let report = Doctor(version: "1").report(Self.evidence(), TracingVerdict(tracefs: "/t"))
    let json = try report.json
    #expect(json.contains("\"schema\" : 1"))
    #expect(json.contains("\"class\" : \"irqs-off\""))
  }
}
