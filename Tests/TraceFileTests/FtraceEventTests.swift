import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// The fields of the core events, as the kernel and as trace-cmd print them.
struct FtraceEventTests: ReadsFtrace {
  private static let previous = TaskIdentity(pid: 12, comm: "a b:c-d=e")
  private static let next = TaskIdentity(pid: 0, comm: "swapper/0")

  @Test(arguments: [
    ("R", TaskState.runnable), ("R+", .preempted), ("S", .blocked("S")), ("D|K", .blocked("D|K")),
    ("S+", .preempted), ("0", .runnable), ("1", .blocked("S")),
  ]) func `a switch is read as the kernel and as trace-cmd print it`(
    letters: String, state: TaskState
  ) throws {
    let wanted = EventPayload.switched(
      SwitchEvent(
        previous: Self.previous, previousPriority: KernelPriority(19), previousState: state,
        next: Self.next, nextPriority: KernelPriority(120)))
    #expect(
      try payload(
        "sched_switch: prev_comm=a b:c-d=e prev_pid=12 prev_prio=19 prev_state=\(letters) ==> "
          + "next_comm=swapper/0 next_pid=0 next_prio=120") == wanted)
    #expect(
      try payload(
        "sched_switch:          prev_comm=a b:c-d=e prev_pid=12 prev_prio=19 "
          + "prev_state=\(letters) next_comm=swapper/0 next_pid=0 next_prio=120") == wanted)
    #expect(
      try payload("sched_switch:         a b:c-d=e:12 [19] \(letters) ==> swapper/0:0 [120]")
        == wanted)
  }

  @Test(arguments: [
    "comm=a b:c-d=e pid=12 prio=19 target_cpu=001",
    "comm=a b:c-d=e pid=12 prio=19 success=1 target_cpu=001 state=W",
    "a b:c-d=e:12 [19]<CPU:001>", "a b:c-d=e:12 [19] success=1 CPU:001",
    "  a b:c-d=e:12 [19] CPU:001",
  ]) func `a wake-up is read in every form`(text: String) throws {
    let wanted = WakeEvent(task: Self.previous, priority: KernelPriority(19), targetCPU: 1)
    #expect(try payload("sched_waking: " + text) == .waking(wanted))
    #expect(try payload("sched_wakeup: " + text) == .wakeup(wanted))
    #expect(try payload("sched_wakeup_new: " + text) == .wakeupNew(wanted))
  }

  private static let function = CodeLocation(address: 0, symbol: "hrtimer_wakeup")

  @Test(
    arguments: [
      (
        "sched_migrate_task: comm=a b pid=3 prio=120 orig_cpu=1 dest_cpu=0",
        EventPayload.migrate(
          task: TaskIdentity(pid: 3, comm: "a b"), priority: KernelPriority(120), from: 1, to: 0)
      ),
      (
        "sched_pi_setprio: comm=a b pid=3 oldprio=120 newprio=-1",
        .prioritySet(
          task: TaskIdentity(pid: 3, comm: "a b"), old: KernelPriority(120), new: KernelPriority(-1)
        )
      ),
      ("irq_handler_entry: irq=25 name=virtio0 net", .irqEntry(irq: 25, handler: "virtio0 net")),
      ("irq_handler_exit: irq=25 ret=handled", .irqExit(irq: 25, handled: true)),
      ("irq_handler_exit: irq=25 ret=unhandled", .irqExit(irq: 25, handled: false)),
      ("local_timer_entry: vector=236", .vectorEntry(name: "local_timer", vector: 236)),
      ("reschedule_exit: vector=253", .vectorExit(name: "reschedule", vector: 253)),
      ("softirq_raise: vec=1 [action=TIMER]", .softirqRaise(vector: 1)),
      ("softirq_entry: vec=9 [action=RCU]", .softirqEntry(vector: 9)),
      ("softirq_exit: vec=9 [action=RCU]", .softirqExit(vector: 9)),
      (
        "nmi_handler: perf_event_nmi_handler() delta_ns: 1234 handled: 1",
        .nmi(
          handler: CodeLocation(address: 0, symbol: "perf_event_nmi_handler"),
          duration: Nanoseconds(1_234))
      ),
      (
        "hrtimer_start: hrtimer=ffff888000163e58 function=hrtimer_wakeup expires=12 softexpires=11 mode=ABS|HARD was_armed=0",
        .hrtimerStart(
          timer: 0xffff_8880_0016_3e58, function: function, expires: Nanoseconds(12),
          softExpires: Nanoseconds(11), mode: "ABS|HARD")
      ),
      (
        "hrtimer_start:        hrtimer=0xffff888000163e58 function=hrtimer_wakeup/0x0 expires=12 softexpires=12",
        .hrtimerStart(
          timer: 0xffff_8880_0016_3e58, function: function, expires: Nanoseconds(12),
          softExpires: Nanoseconds(12), mode: "")
      ),
      ("hrtimer_cancel: hrtimer=(____ptrval____)", .hrtimerCancel(timer: 0)),
      (
        "hrtimer_expire_entry: hrtimer=0xff now=7 function=hrtimer_wakeup/0x0",
        .hrtimerExpireEntry(timer: 0xff, function: function, now: Nanoseconds(7))
      ),
      ("hrtimer_expire_exit: hrtimer=ff", .hrtimerExpireExit(timer: 0xff)),
      (
        "timer_expire_entry: timer=ff function=process_timeout now=4294896213 baseclk=4294896213",
        .timerExpireEntry(
          timer: 0xff, function: CodeLocation(address: 0, symbol: "process_timeout"))
      ),
      ("timer_expire_exit: timer=ff", .timerExpireExit(timer: 0xff)),
      ("cpu_idle: state=1 cpu_id=3", .cpuIdle(state: 1, cpu: 3)),
      ("cpu_idle: state=4294967295 cpu_id=3", .cpuIdle(state: nil, cpu: 3)),
      ("cpu_frequency: state=1800000 cpu_id=3", .cpuFrequency(kilohertz: 1_800_000, cpu: 3)),
      (
        "workqueue_queue_work: work struct=ff function=vmstat_update workqueue=mm_percpu_wq req_cpu=8192 cpu=1",
        .workQueue(
          work: 0xff, function: CodeLocation(address: 0, symbol: "vmstat_update"),
          workqueue: "mm_percpu_wq", requestedCPU: 8_192, cpu: 1)
      ),
      (
        "workqueue_activate_work: work struct ff function=vmstat_update",
        .workActivate(work: 0xff, function: CodeLocation(address: 0, symbol: "vmstat_update"))
      ),
      (
        "workqueue_execute_start: work struct 00000000ff: function x_work [mod]",
        .workStart(
          work: 0xff, function: CodeLocation(address: 0, symbol: "x_work", module: "mod"))
      ),
      (
        "workqueue_execute_end: work struct ff: function x_work",
        .workEnd(work: 0xff, function: CodeLocation(address: 0, symbol: "x_work"))
      ),
      (
        "workqueue_execute_end: work struct ff",
        .workEnd(work: 0xff, function: CodeLocation(address: 0))
      ),
      (
        "ipi_send_cpu: cpu=1 callsite=smp_call+0x1c/0x20 [mod] callback=generic+0x0/0x30",
        .ipiSend(
          targets: CPUSet([1]),
          callsite: CodeLocation(address: 0, symbol: "smp_call", offset: 0x1c, module: "mod"),
          callback: CodeLocation(address: 0, symbol: "generic", offset: 0))
      ),
      (
        "ipi_send_cpumask: cpumask=00000001,00000005 callsite=a+0x1/0x2 callback=0x0",
        .ipiSend(
          targets: CPUSet([0, 2, 32]), callsite: CodeLocation(address: 0, symbol: "a", offset: 1),
          callback: CodeLocation(address: 0))
      ),
      (
        "csd_function_entry: func=do_sync csd=ff",
        .functionCallEntry(function: CodeLocation(address: 0, symbol: "do_sync"))
      ),
      (
        "page_fault_user: address=0x7f0012 ip=0x55d0 error_code=0x14",
        .pageFault(user: true, address: 0x7f_0012, ip: CodeLocation(address: 0x55d0))
      ),
      (
        "page_fault_kernel: address=0x7f0012 ip=copy_user+0x2/0x10 error_code=0x2",
        .pageFault(
          user: false, address: 0x7f_0012,
          ip: CodeLocation(address: 0, symbol: "copy_user", offset: 2))
      ),
      ("sys_enter: NR 230 (1, 1, 7ffe, 0)", .syscallEnter(number: 230, name: "")),
      ("sys_exit: NR 230 = -4", .syscallExit(number: 230, name: "", result: -4)),
      ("sys_read(fd: 7, buf: 7ffed8c7df60, count: 64)", .syscallEnter(number: -1, name: "read")),
      ("sys_read -> 0x64", .syscallExit(number: -1, name: "read", result: 100)),
      (
        "sys_read -> 0xfffffffffffffffc", .syscallExit(number: -1, name: "read", result: -4)
      ),
      ("sys_enter_read:       fd: 0x07, buf: 0x1", .syscallEnter(number: -1, name: "read")),
      ("sys_exit_read:        0x64", .syscallExit(number: -1, name: "read", result: 100)),
      ("tracing_mark_write: hit: latency x", .marker("hit: latency x")),
      ("print:                tracing_mark_write: hit latency", .marker("hit latency")),
    ] as [(String, EventPayload)]) func `core events become their cases`(
      text: String, wanted: EventPayload
    ) throws
  {
    #expect(try payload(text) == wanted)
  }
}
