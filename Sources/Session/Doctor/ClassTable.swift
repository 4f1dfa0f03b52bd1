import Analysis
import Report
import TraceModel

/// What each class of causes needs, in the order of the catalogue.
enum ClassTable {
  static let all: [ClassNeeds] = timer + interruptAndWake + scheduling + task + system

  // MARK: shared needs

  private static let switches = ClassNeed.events(
    "sched:sched_switch", "sched:sched_waking", remedy: "CONFIG_EVENT_TRACING")
  private static let timers = ClassNeed.events(
    "timer:hrtimer_start", "timer:hrtimer_expire_entry", "timer:hrtimer_expire_exit",
    remedy: "CONFIG_HIGH_RES_TIMERS with CONFIG_EVENT_TRACING")
  private static let softirqs = ClassNeed.events(
    "irq:softirq_entry", "irq:softirq_exit", remedy: "CONFIG_EVENT_TRACING")
  private static let interrupts = ClassNeed.events(
    "irq:irq_handler_entry", "irq:irq_handler_exit", remedy: "CONFIG_EVENT_TRACING")

  private static func isPreemptible(_ evidence: DoctorEvidence) -> Bool? {
    evidence.machine.preemption.map { $0 != "none" && $0 != "voluntary" }
  }

  // MARK: before the timer interrupt

  private static let timer: [ClassNeeds] = [
    ClassNeeds(
      .irqsOff,
      proven: [
        [.tracer("irqsoff", "preemptirqsoff", remedy: "CONFIG_IRQSOFF_TRACER")],
        [
          .anyEvent(
            "preemptirq:irq_disable", remedy: "CONFIG_PREEMPTIRQ_TRACEPOINTS")
        ],
      ], suspected: [[.stack]]),
    ClassNeeds(.hardIRQ, proven: [[interrupts]]),
    ClassNeeds(
      .nmi, proven: [[.events("nmi:nmi_handler", remedy: "an architecture with nmi events (x86)")]]),
    ClassNeeds(
      .idleExit, suspected: [[.events("power:cpu_idle", remedy: "CONFIG_CPU_IDLE")]],
      absent: { evidence in
        evidence.machine.idleDriver == nil || evidence.machine.idleDriver == "none"
          ? "no cpuidle driver" : nil
      }),
    ClassNeeds(
      .hardwareStall,
      proven: [
        [
          .counter("smi", "the counter of SMIs", remedy: "CONFIG_X86_MSR and root"), .stack,
          .fact(
            "bare metal",
            remedy: "bare metal: in a guest a stall of the hardware looks like the host"
          ) { !$0.isGuest },
        ]
      ],
      suspected: [
        [
          .fact(
            "bare metal",
            remedy: "bare metal: in a guest a stall of the hardware looks like the host"
          ) { !$0.isGuest }, .stack,
        ]
      ]),
    ClassNeeds(
      .hypervisor, proven: [[.never("a trace of the host at the same time")]],
      suspected: [
        [
          .stack,
          .counter(
            "steal", "steal time",
            remedy: "CONFIG_PARAVIRT_TIME_ACCOUNTING and a host that tells it"),
        ], [.stack],
      ],
      absent: { $0.isGuest ? nil : "this is no virtual machine" }),
    ClassNeeds(.timerLate, proven: [[timers, switches]]),
    ClassNeeds(.timerSlack, proven: [[timers]]),
    ClassNeeds(
      .timerSoftirq, proven: [[softirqs, timers]],
      absent: {
        $0.machine.preemption.map { $0 != "rt" } ?? false
          ? "no PREEMPT_RT: timers expire in the interrupt" : nil
      }),
    ClassNeeds(
      .clock,
      suspected: [
        [
          .counter(
            "kernel-log", "clock source and kernel log", remedy: "root (dmesg_restrict)")
        ]
      ]),
  ]

  // MARK: in the interrupt and the wake

  private static let interruptAndWake: [ClassNeeds] = [
    ClassNeeds(.stackedTimers, proven: [[timers]]),
    ClassNeeds(.tickWork, proven: [[timers]]),
    ClassNeeds(
      .remoteEnqueue,
      proven: [
        [
          .events("sched:sched_waking", "sched:sched_wakeup", remedy: "CONFIG_EVENT_TRACING")
        ]
      ], absent: isSingle),
    ClassNeeds(
      .migration,
      suspected: [[.events("sched:sched_migrate_task", remedy: "CONFIG_EVENT_TRACING")]],
      absent: isSingle),
  ]

  @Sendable private static func isSingle(_ evidence: DoctorEvidence) -> String? {
    evidence.machine.online?.cpus.count == 1 ? "only one CPU is online" : nil
  }

  // MARK: after the wake, before the switch

  private static let scheduling: [ClassNeeds] = [
    ClassNeeds(
      .preemptOff,
      proven: [
        [.tracer("preemptoff", "preemptirqsoff", remedy: "CONFIG_PREEMPT_TRACER")],
        [.anyEvent("preemptirq:preempt_disable", remedy: "CONFIG_TRACE_PREEMPT_TOGGLE")],
      ], suspected: [[switches, .stack]],
      absent: { evidence in
        isPreemptible(evidence) == false
          ? "the kernel is not preemptible: see non-preemptible-kernel" : nil
      }),
    ClassNeeds(
      .nonPreemptibleKernel, suspected: [[switches, .stack]],
      absent: { evidence in
        isPreemptible(evidence) == true ? "the kernel is preemptible" : nil
      }),
    ClassNeeds(.softirq, proven: [[softirqs]]),
    ClassNeeds(.higherPriorityTask, proven: [[switches]]),
    ClassNeeds(.samePriorityTask, proven: [[switches]]),
    ClassNeeds(
      .priorityInversion,
      proven: [[.events("sched:sched_pi_setprio", remedy: "CONFIG_RT_MUTEXES"), switches]]),
    ClassNeeds(.stopMachine, proven: [[switches]], absent: { isSingle($0) }),
    ClassNeeds(
      .rtThrottling, proven: [[switches]],
      absent: { evidence in
        (evidence.tunables.rtRuntime?.count ?? 0) < 0
          ? "sched_rt_runtime_us is -1: nothing is throttled" : nil
      }),
    ClassNeeds(
      .deadlineServer, suspected: [[switches]],
      absent: { evidence in
        guard let version = evidence.version else { return nil }
        return version < (6, 8) ? "the fair server came with Linux 6.8" : nil
      }),
    ClassNeeds(.irqThread, proven: [[switches]]),
    ClassNeeds(.schedulerOverhead, suspected: [[switches]]),
    ClassNeeds(
      .cpuBandwidth,
      suspected: [
        [
          switches,
          .counter(
            "cgroup", "cpu.stat of the cgroup",
            remedy: "CONFIG_CFS_BANDWIDTH and a cgroup v2 with the cpu controller"),
        ]
      ]),
    ClassNeeds(.runQueue, proven: [[switches]]),
    ClassNeeds(
      .lateKworker,
      proven: [
        [
          .events(
            "workqueue:workqueue_queue_work", "workqueue:workqueue_execute_start",
            "workqueue:workqueue_execute_end", remedy: "CONFIG_EVENT_TRACING"), switches,
        ]
      ]),
    ClassNeeds(
      .isolationBroken, proven: [[switches]],
      absent: { evidence in
        let isolated =
          (evidence.machine.isolated?.cpus ?? []) + (evidence.machine.nohzFull?.cpus ?? [])
        return isolated.isEmpty ? "no CPU is isolated (isolcpus=, nohz_full=)" : nil
      }),
  ]

  // MARK: after the switch

  private static let task: [ClassNeeds] = [
    ClassNeeds(
      .pageFault,
      proven: [
        [.events("exceptions:page_fault_user", remedy: "an architecture with page fault events")]
      ],
      suspected: [
        [.fact("the thread's fault counters", remedy: "/proc") { _ in true }]
      ]),
    ClassNeeds(.interruptedAfterSwitch, proven: [[interrupts, switches]]),
    ClassNeeds(
      .signalOrPtrace,
      suspected: [[.events("signal:signal_deliver", remedy: "CONFIG_EVENT_TRACING")]]),
    ClassNeeds(.ownOutput, proven: [[switches]]),
    ClassNeeds(.observer, suspected: [[switches]]),
  ]

  // MARK: the whole system

  private static let system: [ClassNeeds] = [
    ClassNeeds(
      .cpuFrequency,
      suspected: [
        [
          .fact(
            "a cpufreq driver", remedy: "CONFIG_CPU_FREQ with a driver; on a guest the host decides"
          ) {
            $0.machine.governors != nil
          }, .events("power:cpu_frequency", remedy: "CONFIG_CPU_FREQ"),
        ]
      ]),
    ClassNeeds(
      .tlbShootdown,
      proven: [
        [
          .anyEvent(
            "irq_vectors:call_function_entry", "csd:csd_function_entry", "ipi:ipi_entry",
            remedy: "Linux 6.4 for csd events")
        ]
      ], absent: { isSingle($0) }),
    ClassNeeds(.rcu, proven: [[softirqs]]),
    ClassNeeds(
      .printkConsole,
      proven: [[.events("printk:console", remedy: "CONFIG_PRINTK with CONFIG_EVENT_TRACING")]],
      suspected: [[.stack]]),
    ClassNeeds(
      .memoryReclaim,
      suspected: [
        [
          .events(
            "vmscan:mm_vmscan_direct_reclaim_begin", "vmscan:mm_vmscan_direct_reclaim_end",
            remedy: "CONFIG_EVENT_TRACING")
        ]
      ]),
    ClassNeeds(
      .sharedHardware, suspected: [[.never("counters of the hardware (perf, resctrl)")]],
      absent: { evidence in
        evidence.machine.online?.cpus.count == 1 ? "only one CPU is online" : nil
      }),
    ClassNeeds(
      .otherTracing,
      suspected: [
        [
          .fact("the users of tracefs", remedy: "root and a mounted tracefs") {
            $0.capabilities != nil
          }
        ]
      ]),
    ClassNeeds(
      .unknown,
      proven: [[.fact("the account sums: what no rule claims is said", remedy: "-") { _ in true }]]),
  ]
}
