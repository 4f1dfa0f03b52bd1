import Analysis
import Report
import TraceModel

/// Facts in which every field has a value.
enum FactExamples {
  static func facts(_ context: SystemContext) -> ReportFacts {
    var facts = ReportFacts()
    facts.run = run
    facts.machine = machine
    facts.tunables = tunables
    facts.counters = counters
    facts.rtThreads = [
      RTThreadRow(tid: 18, state: "S", priority: 99, policy: .fifo, cpu: 0, comm: "migration/0"),
      RTThreadRow(tid: 1_813, state: "S", priority: 80, policy: .fifo, cpu: 1, comm: "breaktrace"),
      RTThreadRow(tid: 2_001, state: "R", priority: 80, policy: .rr, cpu: 1, comm: "other"),
      RTThreadRow(
        tid: 50, state: "S", priority: 50, policy: .fifo, cpu: 0, comm: "irq/24-ACPI:Ged"),
    ]
    facts.trace = trace
    facts.observer = ObserverFacts(
      medianOff: Nanoseconds(12_500), medianOn: Nanoseconds(15_250), wakeups: 200)
    facts.attachments = [
      Attachment(name: "trace.dat", text: "the window and what came before it", bytes: 81_920),
      Attachment(name: "histogram.txt", text: "latencies by us"),
    ]
    facts.context = ContextRecord(context)
    return facts
  }

  static var run: RunFacts {
    RunFacts(
      version: "0.1.0", commandLine: "breaktrace -t1 -a1 -p80 -i1000 -b100",
      loadCommand: "swift build -j 2", started: "2026-02-03T04:05:06Z",
      interval: Nanoseconds(microseconds: 1_000), threshold: Nanoseconds(microseconds: 100),
      threads: [
        ThreadStatistics(
          index: 0, tid: 1_813, cpu: 1, policy: .fifo, priority: 80,
          interval: Nanoseconds(microseconds: 1_000), cycles: 2_205, minimum: Nanoseconds(3_001),
          latest: Nanoseconds(1_485_000), maximum: Nanoseconds(1_485_000),
          sum: Nanoseconds(24_000_123))
      ], duration: Nanoseconds(2_212_345_678), spikes: 1, histogramFile: "histogram.txt",
      dmaLatencyHeld: .zero)
  }

  static var machine: MachineFacts {
    var machine = MachineFacts()
    machine.system = "Linux"
    machine.release = "6.18.44"
    machine.version = "#1 SMP PREEMPT_DYNAMIC"
    machine.architecture = "x86_64"
    machine.commandLine =
      "console=ttyS0 quiet reboot=k panic=1 init=/sbin/"
      + String(repeating: "long", count: 25)
    machine.preemption = "none"
    machine.preemptionSource = "kernel configuration"
    machine.hz = 250
    machine.isolated = CPUSet([])
    machine.nohzFull = CPUSet([])
    machine.online = CPUSet(0...1)
    machine.clockSource = "tsc"
    machine.governors = "performance: 0-1"
    machine.idleDriver = "haltpoll"
    machine.idleGovernor = "haltpoll"
    machine.idleStates = [
      MachineFacts.IdleState(name: "POLL", latency: .zero),
      MachineFacts.IdleState(name: "C6", latency: Nanoseconds(133_000), disabled: true),
    ]
    machine.smt = "notsupported"
    machine.numaNodes = 1
    machine.cpuModel = "AMD EPYC"
    machine.microcode = "0x1000065"
    machine.platform = .guest("KVM")
    machine.board = "QEMU Standard PC"
    machine.bios = "SeaBIOS 1.16.3 04/01/2014"
    machine.taint = 4_096
    machine.taintLetters = "O"
    machine.lockdown = "none"
    return machine
  }

  static var tunables: Tunables {
    var tunables = Tunables()
    tunables.rtRuntime = Nanoseconds(950_000_000)
    tunables.rtPeriod = Nanoseconds(1_000_000_000)
    tunables.fairServer = "50 ms of every 1000 ms"
    tunables.dmaLatency = .zero
    tunables.hugePages = "madvise"
    tunables.numaBalancing = 0
    tunables.watchdog = 1
    tunables.nmiWatchdog = 0
    tunables.watchdogThreshold = 10
    tunables.timerMigration = 1
    tunables.autogroup = 0
    tunables.statInterval = 1
    tunables.workqueueMask = "3"
    tunables.printkLevel = 4
    tunables.consoles = ["ttyS0"]
    tunables.defaultInterruptMask = "3"
    tunables.interruptAffinity = [
      Tunables.InterruptAffinity(cpus: "0-1", interrupts: "24-26"),
      Tunables.InterruptAffinity(cpus: "1", interrupts: "36"),
    ]
    return tunables
  }

  static var counters: CounterDeltas {
    var counters = CounterDeltas(cpu: 1, tid: 1_813)
    counters.stealRun = Nanoseconds(120_000_000)
    counters.stealHit = Nanoseconds(10_000_000)
    counters.smi = 0
    counters.thermalThrottles = 0
    counters.cgroupThrottles = 3
    counters.cgroupThrottled = Nanoseconds(7_000)
    counters.minorFaults = 0
    counters.majorFaults = 0
    counters.voluntarySwitches = 2_212
    counters.involuntarySwitches = 5
    counters.faultsInCycle = 0
    counters.interrupts = [
      CounterDeltas.Interrupt(name: "LOC", text: "Local timer interrupts", count: 2_640),
      CounterDeltas.Interrupt(
        name: "36", text: "PCI-MSIX-0000:00:02.0 1-edge virtio1-req.0", count: 311),
    ]
    counters.throttlingLogged = false
    return counters
  }

  static var trace: TraceFacts {
    var trace = TraceFacts()
    trace.bufferAsked = 4_096
    trace.bufferGot = 4_100
    trace.clock = "mono"
    trace.events = ["irq:irq_handler_entry", "sched:sched_switch", "sched:sched_waking"]
    trace.eventsMissing = ["csd:csd_function_entry"]
    trace.tracerWanted = "irqsoff"
    trace.tracerGot = "nop"
    trace.cpus = [
      TraceFacts.PerCPU(cpu: 0, oldest: Nanoseconds(4_240_000_000_000), bytes: 40_960),
      TraceFacts.PerCPU(
        cpu: 1, overrun: 17, dropped: 2, commitOverrun: 1, oldest: Nanoseconds(4_241_000_000_000),
        bytes: 40_976),
    ]
    return trace
  }
}
