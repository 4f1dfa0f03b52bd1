import Report
import Testing
import TraceModel

@testable import Analysis

@Suite struct ReportFactsTests {
  @Test func `facts come back from their JSON as they were`() throws {
    var context = SystemContext()
    context.preemption = .lazy
    context.platform = .guest("")
    context.architecture = "aarch64"
    context.countsSteal = true
    context.steal = [3: Nanoseconds(7), 0: .zero]
    context.rtRuntime = Nanoseconds(-1_000)
    context.rtPeriod = Nanoseconds(1)
    context.throttlingLogged = false
    context.pageFaults = .max
    context.ownThreads = [5, 3]
    context.isolatedCPUs = CPUSet([2, 3, 4, 9])
    context.observerCost = Nanoseconds(.min)
    context.enabledEvents = ["sched:sched_switch", "irq:irq_handler_entry"]
    var facts = FactExamples.facts(context)
    facts.tracerSection = TracerSection(
      tracer: "irqsoff", cpu: 1, start: Nanoseconds(5), length: Nanoseconds(6), startFunction: "a",
      endFunction: "b", threshold: Nanoseconds(7), lines: ["\u{1}x"])
    let read = try ReportFacts(json: facts.json)
    #expect(read == facts)
    #expect(read.context?.context == context)
    #expect(try read.json == facts.json)
  }

  @Test(arguments: SystemContext.PreemptionModel.allCases)
  func `a context with one value and nothing else comes back`(
    model: SystemContext.PreemptionModel
  ) throws {
    var context = SystemContext()
    #expect(ContextRecord(context).context == context)
    context.preemption = model
    context.enabledEvents = []
    var facts = ReportFacts()
    facts.context = ContextRecord(context)
    #expect(try ReportFacts(json: facts.json).context?.context == context)
  }

  @Test(arguments: [.unknown, .bareMetal, .guest(""), .guest("KVM")] as [SystemContext.Platform])
  func `the platform comes back from a context and from a machine`(
    platform: SystemContext.Platform
  ) throws {
    var context = SystemContext()
    context.platform = platform
    var facts = ReportFacts()
    facts.context = ContextRecord(context)
    facts.machine = MachineFacts()
    facts.machine?.platform = platform
    let read = try ReportFacts(json: facts.json)
    #expect(read == facts)
    #expect(read.context?.context == context)
    #expect(read.machine?.platform == platform)
  }

  @Test(
    arguments: [
      ("\"hypervisor\": \"KVM\"", .guest("KVM")), ("\"hypervisor\": \"\"", .guest("")),
      ("\"hypervisor\": null", .unknown), ("\"hz\": 250", .unknown),
      ("\"platform\": \"guest\"", .guest("")), ("\"platform\": \"bare_metal\"", .bareMetal),
      ("\"platform\": \"toaster\"", .unknown),
      ("\"platform\": \"bare_metal\", \"hypervisor\": \"KVM\"", .guest("KVM")),
    ] as [(String, SystemContext.Platform)])
  func `facts written without a platform are a guest's or unknown, never bare metal`(
    key: String, platform: SystemContext.Platform
  ) throws {
    let facts = try ReportFacts(
      json: """
        {"attachments": [], "machine": {"idle_states": [], \(key)},
         "context": {"steal": [{"cpu": 1, "ns": 10}], "own_threads": [], "isolated_cpus": "", \(key)}}
        """)
    #expect(facts.machine?.platform == platform)
    #expect(facts.context?.context.platform == platform)
    #expect(facts.context?.context.countsSteal == true, "it grew")
  }

  @Test(
    arguments: [
      (.unknown, "not known", "0 (proves nothing if this is a guest)"),
      (.bareMetal, "none (bare metal)", "0"),
      (.guest(""), "present, name not known", "0 (proves nothing in a guest)"),
    ] as [(SystemContext.Platform, String, String)])
  func `a report says what is known of the hypervisor`(
    platform: SystemContext.Platform, hypervisor: String, smi: String
  ) throws {
    var report = SpikeExamples.report("irqs-off")
    report.facts.machine?.platform = platform
    func value(_ term: String, in section: String) -> String? {
      let blocks = report.document.sections.first { $0.title == section }?.blocks ?? []
      guard case .definitions(let list)? = blocks.first else { return nil }
      return list.first { $0.term == term }?.text
    }
    #expect(value("hypervisor", in: "Machine") == hypervisor)
    #expect(value("SMI", in: "Counters") == smi)
  }

  @Test(arguments: ["", "{", "[]", "{\"attachments\": 3}", "\u{0}"])
  func `text that is no facts is an error that says what to do`(text: String) {
    #expect {
      try ReportFacts(json: text)
    } throws: { error in
      "\(error)".contains("cannot read") && "\(error)".contains("without them")
    }
  }

  @Test func `keys are in snake case and times in ns`() throws {
    let json = try FactExamples.facts(SystemContext()).json
    for match in json.matches(of: /"(?<key>[^"]+)" :/) {
      #expect(match.key.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(match.key)")
    }
    #expect(json.contains("\"sched_rt_runtime_ns\" : 950000000"))
    #expect(json.firstMatch(of: /: [0-9]+\.[0-9]/) == nil, "facts hold integers only")
  }

  @Test func `sums over the threads skip those without samples`() {
    let idle = ThreadStatistics(
      index: 0, tid: 1, cpu: nil, policy: .other, priority: 0, interval: Nanoseconds(1))
    var busy = idle
    busy.cycles = 4
    busy.minimum = Nanoseconds(10)
    busy.maximum = Nanoseconds(30)
    busy.sum = Nanoseconds(81)
    let run = RunFacts(
      version: "x", threads: [idle, busy], duration: Nanoseconds(1_800_000_000_000), spikes: 3)
    #expect(run.samples == 4)
    #expect(run.minimum == Nanoseconds(10))
    #expect(run.average == Nanoseconds(20))
    #expect(run.maximum == Nanoseconds(30))
    #expect(run.spikesAnHour == 6)
    let none = RunFacts(version: "x", threads: [idle])
    #expect(none.minimum == nil && none.average == nil && none.spikesAnHour == nil)
  }

  @Test func `a tracer's section is shown only where it touches the window`() throws {
    var report = SpikeExamples.report("irqs-off")
    let start = TimelineSketch.at(-3)
    report.facts.tracerSection = TracerSection(
      tracer: "irqsoff", cpu: 1, start: start, length: Nanoseconds(220_000),
      startFunction: "_raw_spin_lock_irqsave", endFunction: "_raw_spin_unlock_irqrestore",
      lines: ["cc1-733 1d..1 0us : _raw_spin_lock_irqsave"])
    #expect(report.text.contains("Latency tracer"))
    #expect(report.text.contains("217.000 us with the window, 98.6 % of the section"))
    #expect(report.text.contains("-3.000 us in function _raw_spin_lock_irqsave"))
    #expect(try report.json.contains("\"overlap_ns\" : 217000"))
    report.facts.tracerSection?.start = TimelineSketch.at(5_000)
    #expect(!report.text.contains("Latency tracer"))
  }

  @Test func `absurd priorities of a recorded file do not trap`() throws {
    var report = SpikeExamples.report("irqs-off")
    report.analysis.sample.priority = .min
    report.facts.rtThreads = [
      RTThreadRow(tid: 1, state: "", priority: .min, policy: .rr, comm: ""),
      RTThreadRow(tid: 2, state: "", priority: .max, policy: .fifo, comm: ""),
    ]
    #expect(try report.json.contains("\(Int32.min)"))
    #expect(report.text.contains(#/above +2 /#))
  }

  @Test func `threads are placed by priority, the deadline ones above all`() throws {
    var report = SpikeExamples.report("irqs-off")
    let rows: [(Int32, SchedulingPolicy, Int32, String)] = [
      (1, .deadline, 0, "above"), (2, .fifo, 99, "above"), (3, .rr, 80, "equal"),
      (4, .fifo, 79, "below"), (TimelineSketch.tid, .fifo, 80, "measured"),
    ]
    report.facts.rtThreads = rows.map {
      RTThreadRow(tid: $0.0, state: "S", priority: $0.2, policy: $0.1, comm: "t")
    }
    let section = try #require(report.document.sections.first { $0.title == "Real-time threads" })
    guard case .table(let table) = section.blocks[1] else {
      Issue.record("no table")
      return
    }
    #expect(table.rows.map { $0[0] } == rows.map(\.3))
  }

  @Test func `every prefix and every changed byte of facts is read or refused`() throws {
    var context = SystemContext()
    context.steal = [0: .zero]
    context.rtRuntime = Nanoseconds(-1_000)
    let bytes = Array(try FactExamples.facts(context).line.utf8)
    var read = 0
    var refused = 0
    func attempt(_ bytes: [UInt8]) {
      guard let facts = try? ReportFacts(json: String(decoding: bytes, as: UTF8.self)) else {
        refused += 1
        return
      }
      read += 1
      #expect((try? facts.line) != nil)
    }
    for index in stride(from: 0, to: bytes.count, by: 3) {
      attempt(Array(bytes[..<index]))
      for change in [0x01, 0x04, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        attempt(changed)
      }
    }
    #expect(read > 100 && refused > 100)
  }
}
