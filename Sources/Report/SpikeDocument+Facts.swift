import Analysis
import TraceModel

extension SpikeDocument {
  /// Collects definitions, leaving out those without a value.
  private struct Items {
    var list: [Document.Definition] = []

    mutating func add(_ term: String, _ text: String?) {
      if let text { list.append(Document.Definition(term, text.isEmpty ? "none" : text)) }
    }

    mutating func add(_ term: String, _ number: (some BinaryInteger)?, _ unit: String = "") {
      if let number { add(term, "\(number)" + (unit.isEmpty ? "" : " \(unit)")) }
    }

    mutating func add(_ term: String, us time: Nanoseconds?) {
      if let time { add(term, Quantity.us(time) + " us") }
    }

    func section(_ title: String) -> Document.Section? {
      list.isEmpty ? nil : Document.Section(title, [.definitions(list)])
    }
  }

  var rtThreads: Section? {
    guard let threads = record.rtThreads else { return nil }
    guard !threads.isEmpty else {
      return Section("Real-time threads", [.paragraph("none")])
    }
    let rows = threads.map { thread in
      [
        thread.relation, "\(thread.row.tid)", thread.row.state,
        thread.row.priority > 0 ? "\(thread.row.priority)" : "-", thread.row.classLetters,
        thread.row.cpu.map { "\($0)" } ?? "-", thread.row.comm,
      ]
    }
    return Section(
      "Real-time threads",
      [
        .paragraph("The first column compares their priority with that of the measured thread."),
        .table(
          Document.Table(
            columns: [
              Column("place"), Column("PID", .right), Column("S"), Column("RTPRIO", .right),
              Column("CLS"), Column("CPU", .right), Column("CMD"),
            ], rows: rows)),
      ])
  }

  var interrupts: Section? {
    let inWindow = spike.ran.filter { ["irq", "softirq", "nmi"].contains($0.kind) }
    let overRun = record.counters?.interrupts ?? []
    guard !inWindow.isEmpty || !overRun.isEmpty else { return nil }
    var blocks: [Block] = []
    if inWindow.isEmpty {
      blocks.append(.paragraph("No interrupt ran in the window."))
    } else {
      blocks.append(.paragraph("In the window:"))
      blocks.append(
        .table(
          Document.Table(
            columns: [
              Column("times", .right), Column("net us", .right), Column("kind"), Column("name"),
            ],
            rows: inWindow.map { ["\($0.count)", Quantity.us($0.net), $0.kind, $0.name] })))
    }
    if let counters = record.counters, !overRun.isEmpty {
      blocks.append(.paragraph("On CPU \(counters.cpu) over the run (/proc/interrupts):"))
      blocks.append(
        .table(
          Document.Table(
            columns: [Column("count", .right), Column("irq", .right), Column("what")],
            rows: overRun.map { ["\($0.count)", $0.name, $0.text] })))
    }
    return Section("Interrupts", blocks)
  }

  var run: Section? {
    guard let run = record.run else { return nil }
    var items = Items()
    items.add("version", "breaktrace \(run.version)")
    items.add("command", run.commandLine)
    items.add("load", run.loadCommand)
    items.add("started", run.started)
    items.add("duration", run.duration.map { Quantity.seconds($0) + " s" })
    items.add("interval", us: run.interval)
    items.add("threshold", us: run.threshold)
    items.add("samples", run.samples)
    items.add("minimum", us: run.minimum)
    items.add("average", us: run.average)
    items.add("maximum", us: run.maximum)
    items.add(
      "above threshold",
      run.spikes.map { spikes in
        "\(spikes)" + (run.spikesAnHour.map { ", \($0) per hour" } ?? "")
      })
    items.add("histogram", run.histogramFile)
    var blocks: [Block] = [.definitions(items.list)]
    if !run.threads.isEmpty {
      blocks.append(
        .table(
          Document.Table(
            columns: [
              Column("T", .right), Column("tid", .right), Column("CPU", .right), Column("policy"),
              Column("prio", .right), Column("cycles", .right), Column("min us", .right),
              Column("avg us", .right), Column("max us", .right),
            ],
            rows: run.threads.map { thread in
              [
                "\(thread.index)", "\(thread.tid)", thread.cpu.map { "\($0)" } ?? "any",
                thread.policy.rawValue, "\(thread.priority)", "\(thread.cycles)",
                Quantity.us(thread.minimum), Quantity.us(thread.average),
                Quantity.us(thread.maximum),
              ]
            })))
    }
    return Section("Run", blocks)
  }

  var machine: Section? {
    guard let machine = record.machine else { return nil }
    var items = Items()
    let uname = [machine.system, machine.release, machine.version, machine.architecture]
    let kernel = uname.compactMap { $0 }.joined(separator: " ")
    if !kernel.isEmpty { items.add("kernel", kernel) }
    items.add("boot options", machine.commandLine)
    items.add(
      "preemption",
      machine.preemption.map { $0 + (machine.preemptionSource.map { " (\($0))" } ?? "") })
    items.add("HZ", machine.hz)
    items.add("CPUs online", machine.online?.list)
    items.add("isolcpus", machine.isolated?.list)
    items.add("nohz_full", machine.nohzFull?.list)
    if machine.commandLine != nil || machine.rcuNoCallbacks != nil {
      items.add("rcu_nocbs", machine.rcuNoCallbacks ?? "none")
    }
    items.add("clock source", machine.clockSource)
    items.add("governor", machine.governors)
    items.add("idle driver", machine.idleDriver)
    items.add("idle governor", machine.idleGovernor)
    if !machine.idleStates.isEmpty {
      items.add(
        "idle states",
        machine.idleStates.map { state in
          state.name + (state.latency.map { " \(Quantity.us($0)) us" } ?? "")
            + (state.disabled ? " disabled" : "")
        }.joined(separator: ", "))
    }
    items.add("SMT", machine.smt)
    items.add("NUMA nodes", machine.numaNodes)
    items.add("CPU", machine.cpuModel)
    items.add("microcode", machine.microcode)
    items.add("hypervisor", Self.hypervisor(machine.platform))
    items.add("board", machine.board)
    items.add("BIOS", machine.bios)
    items.add(
      "taint",
      machine.taint.map { taint in
        "\(taint)" + (machine.taintLetters.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? "")
      })
    items.add("lockdown", machine.lockdown)
    return items.section("Machine")
  }

  /// The platform as a value of the term "hypervisor".
  private static func hypervisor(_ platform: SystemContext.Platform) -> String {
    switch platform {
    case .unknown: "not known"
    case .bareMetal: "none (bare metal)"
    case .guest(let name): name.isEmpty ? "present, name not known" : name
    }
  }

  var tunables: Section? {
    guard let tunables = record.tunables else { return nil }
    var items = Items()
    items.add(
      "sched_rt_runtime",
      tunables.rtRuntime.map { $0 < .zero ? "no limit" : Quantity.us($0) + " us" })
    items.add("sched_rt_period", us: tunables.rtPeriod)
    items.add("fair server", tunables.fairServer)
    // PM_QOS_CPU_LATENCY_DEFAULT_VALUE, 2000 s, stands for no request at all.
    items.add(
      "cpu_dma_latency",
      tunables.dmaLatency.map {
        $0 >= Nanoseconds(2_000_000_000_000) ? "no request" : Quantity.us($0) + " us"
      })
    items.add("transparent huge pages", tunables.hugePages)
    items.add("NUMA balancing", tunables.numaBalancing)
    items.add("watchdog", tunables.watchdog)
    items.add("nmi_watchdog", tunables.nmiWatchdog)
    items.add("watchdog_thresh", tunables.watchdogThreshold, "s")
    items.add("timer_migration", tunables.timerMigration)
    items.add("sched_autogroup", tunables.autogroup)
    items.add("vm.stat_interval", tunables.statInterval, "s")
    items.add("workqueue cpumask", tunables.workqueueMask)
    items.add("printk level", tunables.printkLevel)
    items.add("consoles", tunables.consoles.joined(separator: ", "))
    items.add("default irq affinity", tunables.defaultInterruptMask)
    for group in tunables.interruptAffinity {
      items.add("irqs of CPU \(group.cpus)", group.interrupts)
    }
    return items.section("Tunables")
  }

  var counters: Section? {
    guard let counters = record.counters else { return nil }
    var items = Items()
    items.add("CPU", counters.cpu)
    items.add("steal, run", us: counters.stealRun)
    items.add("steal, at the spike", us: counters.stealHit)
    items.add("SMI", counters.smi.map { Self.interruptions($0, record.machine?.platform) })
    items.add("thermal throttling", counters.thermalThrottles)
    items.add("cgroup throttling", counters.cgroupThrottles)
    items.add("cgroup throttled", us: counters.cgroupThrottled)
    if let tid = counters.tid { items.add("thread", "\(tid)") }
    items.add("minor faults", counters.minorFaults)
    items.add("major faults", counters.majorFaults)
    items.add("faults in the cycle", counters.faultsInCycle)
    items.add("voluntary switches", counters.voluntarySwitches)
    items.add("involuntary switches", counters.involuntarySwitches)
    items.add(
      "RT throttling",
      counters.throttlingLogged.map {
        $0 ? "in the kernel log of this run" : "not in the kernel log of this run"
      })
    return items.section("Counters")
  }

  /// The growth of the SMI counter; one that does not move is evidence only where no hypervisor
  /// makes it up.
  private static func interruptions(
    _ count: UInt64, _ platform: SystemContext.Platform?
  ) -> String {
    guard count == 0, platform != .bareMetal else { return "\(count)" }
    return platform?.hypervisor == nil
      ? "0 (proves nothing if this is a guest)" : "0 (proves nothing in a guest)"
  }

  var trace: Section? {
    let trace = spike.trace
    var items = Items()
    items.add("clock", trace.clock.isEmpty ? trace.recording?.clock ?? "not known" : trace.clock)
    items.add("events in window", trace.eventsInWindow)
    items.add("lost in window", trace.lostInWindow)
    items.add(
      "window covered",
      !trace.coversWindow ? "NO" : trace.gaps.contains(where: \.isDamaged) ? "in part" : "yes")
    if let recording = trace.recording {
      let asked = recording.bufferAsked.map { "\($0) KiB requested" }
      let got = recording.bufferGot.map { "\($0) KiB allocated" }
      let needed = recording.bufferNeeded.map { "\($0) KiB needed" }
      let sizes = [asked, got, needed].compactMap { $0 }
      if !sizes.isEmpty { items.add("buffer per CPU", sizes.joined(separator: ", ")) }
      let tracers = [
        recording.tracerWanted.map { "\($0) requested" },
        recording.tracerGot.map { "\($0) active" },
      ].compactMap { $0 }
      if !tracers.isEmpty { items.add("tracer", tracers.joined(separator: ", ")) }
      if let outcome = recording.tracerOutcome { items.add("section", outcome) }
      items.add("events", recording.events.joined(separator: " "))
      items.add("events missing", recording.eventsMissing.joined(separator: " "))
    }
    if let unseen = trace.unseen {
      items.add("never recorded", unseen.joined(separator: ", "))
    }
    var blocks: [Block] = [.definitions(items.list)]
    if !trace.gaps.isEmpty {
      blocks.append(
        .list(
          trace.gaps.map { gap in
            "\(gap.text)\(gap.lost.map { " (\($0))" } ?? ""), from \(Quantity.us(gap.offset)) us, "
              + "\(Quantity.us(gap.length)) us long"
          }))
    }
    if !trace.cpus.isEmpty {
      blocks.append(
        .table(
          Document.Table(
            columns: [
              Column("CPU", .right), Column("overrun", .right), Column("dropped", .right),
              Column("commit overrun", .right), Column("bytes", .right),
              Column("oldest us after expiry", .right),
            ],
            rows: trace.cpus.map { cpu in
              [
                "\(cpu.counters.cpu)", "\(cpu.counters.overrun)", "\(cpu.counters.dropped)",
                "\(cpu.counters.commitOverrun)", cpu.counters.bytes.map { "\($0)" } ?? "-",
                cpu.oldestOffset.map(Quantity.us) ?? "-",
              ]
            })))
    }
    return Section("Trace health", blocks)
  }

  var observer: Section? {
    var items = Items()
    if let observer = record.observer {
      items.add("median, tracing off", us: observer.facts.medianOff)
      items.add("median, tracing on", us: observer.facts.medianOn)
      items.add("cost of tracing", us: observer.cost)
      items.add("wakeups measured", observer.facts.wakeups)
      items.add("trace_marker write", us: observer.facts.markerWrite)
    }
    if let run = record.run {
      items.add(
        "cpu_dma_latency",
        run.dmaLatencyHeld.map { "held at \(Quantity.us($0)) us" } ?? "not changed")
    }
    if let recording = spike.trace.recording {
      items.add("tracer", recording.tracerGot ?? "nop")
      items.add("events enabled", recording.events.count)
    }
    return items.section("Effect of breaktrace on the system")
  }

  var caveats: Section {
    Section("Caveats", [.list(record.caveats)])
  }

  var attachments: Section? {
    guard !record.attachments.isEmpty else { return nil }
    return Section(
      "Attachments",
      [
        .definitions(
          record.attachments.map { file in
            Document.Definition(
              file.name,
              [
                file.text, file.bytes.map { "\($0) bytes" }, file.sha256.map { "sha256 \($0)" },
              ].compactMap { $0 }.joined(separator: ", "))
          })
      ])
  }
}
