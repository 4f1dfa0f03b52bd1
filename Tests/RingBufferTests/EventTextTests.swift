import Testing
import TraceModel

struct EventTextTests {
  static let function = CodeLocation(address: 0x1000, symbol: "do_it", offset: 4, module: "ext4")
  static let bash = TaskIdentity(pid: 12, comm: "bash")
  static let wake = WakeEvent(task: bash, priority: KernelPriority(19), targetCPU: 1)

  @Test(arguments: [
    (
      EventPayload.switched(
        SwitchEvent(
          previous: TaskIdentity(pid: 5, comm: "swift-frontend"),
          previousPriority: KernelPriority(120), previousState: .preempted,
          next: TaskIdentity(pid: 9, comm: "cyclictest"), nextPriority: KernelPriority(19))),
      "sched_switch: swift-frontend/120 R+ ==> cyclictest/19"
    ),
    (.waking(wake), "sched_waking: comm=bash pid=12 prio=19"),
    (.wakeup(wake), "sched_wakeup: comm=bash pid=12 prio=19"),
    (.wakeupNew(wake), "sched_wakeup_new: comm=bash pid=12 prio=19"),
    (
      .migrate(task: bash, priority: KernelPriority(120), from: 0, to: 3),
      "sched_migrate_task: comm=bash pid=12 prio=120 cpu 0 -> 3"
    ),
    (
      .prioritySet(task: bash, old: KernelPriority(120), new: KernelPriority(-1)),
      "sched_pi_setprio: comm=bash pid=12 prio 120 -> -1"
    ),
    (.irqEntry(irq: 24, handler: "virtio0-input"), "irq_handler_entry: irq=24 name=virtio0-input"),
    (.irqExit(irq: 24, handled: true), "irq_handler_exit: irq=24 ret=handled"),
    (.vectorEntry(name: "local_timer", vector: 236), "local_timer_entry: vector=236"),
    (.vectorExit(name: "local_timer", vector: 236), "local_timer_exit: vector=236"),
    (.softirqRaise(vector: 9), "softirq_raise: vec=9 RCU"),
    (.softirqEntry(vector: 3), "softirq_entry: vec=3 NET_RX"),
    (.softirqExit(vector: 77), "softirq_exit: vec=77 ?"),
    (.nmi(handler: function, duration: Nanoseconds(900)), "nmi_handler: do_it delta_ns=900"),
    (
      .hrtimerStart(
        timer: 1, function: function, expires: Nanoseconds(50), softExpires: Nanoseconds(40),
        mode: "ABS"), "hrtimer_start: function=do_it expires=50 softexpires=40 mode=ABS"
    ),
    (
      .hrtimerStart(
        timer: 1, function: function, expires: Nanoseconds(50), softExpires: Nanoseconds(50),
        mode: ""), "hrtimer_start: function=do_it expires=50"
    ),
    (.hrtimerCancel(timer: 255), "hrtimer_cancel: hrtimer=0xff"),
    (
      .hrtimerExpireEntry(timer: 1, function: function, now: Nanoseconds(7)),
      "hrtimer_expire_entry: function=do_it now=7"
    ),
    (.hrtimerExpireExit(timer: 255), "hrtimer_expire_exit: hrtimer=0xff"),
    (.timerExpireEntry(timer: 1, function: function), "timer_expire_entry: function=do_it"),
    (.timerExpireExit(timer: 255), "timer_expire_exit: timer=0xff"),
    (.cpuIdle(state: 1, cpu: 0), "cpu_idle: state=1 cpu=0"),
    (.cpuFrequency(kilohertz: 800_000, cpu: 2), "cpu_frequency: 800000 kHz cpu=2"),
    (
      .workQueue(work: 1, function: function, workqueue: "events", requestedCPU: 64, cpu: 1),
      "workqueue_queue_work: function do_it workqueue=events req_cpu=64 cpu=1"
    ),
    (.workActivate(work: 1, function: function), "workqueue_activate_work: function do_it"),
    (.workStart(work: 1, function: function), "workqueue_execute_start: function do_it"),
    (.workEnd(work: 1, function: function), "workqueue_execute_end: function do_it"),
    (
      .ipiSend(targets: CPUSet([2]), callsite: function, callback: function),
      "ipi_send_cpu: cpu=2 callsite=do_it+0x4 [ext4] callback=do_it"
    ),
    (.functionCallEntry(function: function), "csd_function_entry: func=do_it"),
    (.functionCallExit(function: function), "csd_function_exit: func=do_it"),
    (
      .pageFault(user: true, address: 0x7f00, ip: CodeLocation(address: 0x40)),
      "page_fault_user: address=0x7f00 ip=0x40"
    ),
    (.syscallEnter(number: 202, name: ""), "sys_enter: NR 202"),
    (.syscallEnter(number: 202, name: "futex"), "sys_enter_futex"),
    (.syscallExit(number: 202, name: "", result: -4), "sys_exit: NR 202 = -4"),
    (.stack([function, CodeLocation(address: 0x20)]), "<stack trace> do_it <- 0x20"),
    (.marker("hit\nthreshold"), "tracing_mark_write: hit threshold"),
    (
      .other(
        OtherEvent(
          system: "x", name: "thing",
          fields: [EventField(name: "a", value: "1"), EventField(name: "b", value: "t\u{1b}x")])),
      "thing: a=1 b=t x"
    ),
    (
      .other(OtherEvent(system: "x", name: "thing", fields: [], text: "as printed")),
      "thing: as printed"
    ),
  ])
  func `every payload has its line`(_ payload: EventPayload, _ text: String) {
    #expect(payload.text == text)
    let event = TraceEvent(
      time: .zero, cpu: 0, pid: 0, context: EventContext(flags: 0, preemptCount: 0),
      payload: payload)
    #expect(event.text == text)
  }

  @Test func `a task without a name is told as one`() {
    let event = EventPayload.waking(
      WakeEvent(task: TaskIdentity(pid: 3, comm: ""), priority: KernelPriority(1), targetCPU: 0))
    #expect(event.text == "sched_waking: comm=<...> pid=3 prio=1")
  }
}
