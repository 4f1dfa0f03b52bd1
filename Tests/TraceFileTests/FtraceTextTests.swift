import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Single lines and small texts in every form that kernels and trace-cmd print.
struct FtraceTextTests {
  private func read(_ text: String) -> FtraceText {
    FtraceTextReader.read(ByteStore(Array(text.utf8)))
  }

  private func event(_ line: String, header: String = "") throws -> TraceEvent {
    let text = read(header + line + "\n")
    #expect(text.problems == [])
    #expect(text.sections[0].eventCount == 1)
    return try #require(text.timeline.merged.first)
  }

  private func payload(_ text: String) throws -> EventPayload {
    try event("  sh-61      [000] d..2.    52.546576: " + text).payload
  }

  @Test(arguments: [
    ("          <idle>-0       [000] dn.h3..    38.219464: a: b", 0, "", 0, 38_219_464_000),
    (
      "  Chrome_Child: x-y-123  [012] ....1     1.000001: a: b", 123, "Chrome_Child: x-y", 12,
      1_000_001_000
    ),
    (
      "       [a] b-77      (   2464) [003] d..2.    42.401628: a: b", 77, "[a] b", 3,
      42_401_628_000
    ),
    (
      "   <...>-1234567 (-------) [127] ..... 123456.000001: a: b", 1_234_567, "", 127,
      123_456_000_001_000
    ),
    ("    sh-61      [000]     52.546565: a: b", 61, "sh", 0, 52_546_565_000),
    ("    ls-4734  [002] 106439.675591: a:         b", 4_734, "ls", 2, 106_439_675_591_000),
    ("    ls-4734  [002] 106439.675591123: a: b", 4_734, "ls", 2, 106_439_675_591_123),
    ("    ls-4734  [1023] ...1  244762: a: b", 4_734, "ls", 1_023, 244_762),
    ("hackbenc-311       0d..1. 1063736us : a: b", 311, "hackbenc", 0, 1_063_736_000),
    ("irq_test-99       10d....    0us#: a: b", 99, "irq_test", 10, 0),
    ("a b:c-d-1234567 128dNh41   18us+: a: b", 1_234_567, "a b:c-d", 128, 18_000),
    (
      "       hackbench    2445   0 9 00000001 00000007 [012e0913] 1.007ms (+0.001ms): a: b", 2_445,
      "hackbench", 0, 1_007_000
    ),
  ]) func `the head of a line is read in every format`(
    line: String, pid: Int32, comm: String, cpu: Int, time: Int64
  ) throws {
    let event = try event(line)
    #expect(event.pid == pid)
    #expect(event.cpu == cpu)
    #expect(event.time == Nanoseconds(time))
    #expect(event.position == 1)
    #expect(
      event.payload == .other(OtherEvent(system: "", name: "a", fields: [], text: "b")))
    #expect(read(line).timeline.comms[pid] ?? "" == comm)
  }

  @Test(arguments: [
    ("d..2.", 0x01, 0x02), ("D.s31", 0x91, 0x13), ("bNh..", 0xac, 0x00), ("...1", 0x00, 0x01),
    ("dnZf2", 0x4d, 0x2f), (".L...", 0x22, 0x00), (".p.1.", 0x20, 0x01), (".B..a", 0x26, 0xa0),
    ("dn.h3..", 0x0d, 0x03), ("d.L.1.2", 0x03, 0x21), ("...H1.", 0x18, 0x01), ("dbH..", 0x1f, 0),
  ]) func `flag columns give the stored bytes back`(
    columns: String, flags: UInt8, depth: UInt8
  ) throws {
    let event = try event("  sh-61      [000] \(columns)    52.546576: a: b")
    #expect(event.context == EventContext(flags: flags, preemptCount: depth))
    if columns.count == 5 { #expect(event.context.column == columns) }
  }

  @Test func `the legend says which columns there are`() throws {
    let header = """
      # tracer: nop
      #                                _-----=> irqs-off/BH-disabled
      #                               / _----=> need-resched
      #                              | / _---=> hardirq/softirq
      #                              || / _--=> preempt-depth
      #                              ||| / _-=> migrate-disable
      #                              |||| / _-=> other
      #                              ||||| /     delay

      """
    let event = try event(
      "  sh-61      [000] d.h23x    52.546576: a: b\n".replacing("x", with: "1"), header: header)
    #expect(event.context == EventContext(flags: 0x09, preemptCount: 0x32))
  }

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

  private func other(_ text: String) throws -> OtherEvent {
    guard case .other(let event) = try payload(text) else {
      throw TraceFileProblem(offset: nil, "no other event")
    }
    return event
  }

  @Test func `the lines of tracers are kept by kind`() throws {
    let function = try other("do_set_pte <-filemap_map_pages")
    #expect(function.name == "function")
    #expect(function.fields.map(\.value) == ["do_set_pte", "filemap_map_pages"])
    let timer = try other("#2959  context    irq timer_latency      3746 ns")
    #expect(timer.name == "timer_latency")
    #expect(timer.fields.map(\.value) == ["2959", "irq", "3746"])
    let noise = try other("303322     152419  49.75010    4012      0      0     76      0     41")
    #expect(noise.name == "osnoise")
    #expect(noise.fields.first { $0.name == "irq_count" }?.value == "76")
    let wake = try other("   1750:120:R   + [000]    1244:  4:R cyclictest")
    #expect(wake.name == "wakeup")
    #expect(
      wake.fields.map(\.value) == ["1750", "120", "R", "000", "1244", "4", "R", "cyclictest"])
    let change = try other("     5220:120:R ==> [000]      20: 98:R rcuc/0")
    #expect(change.name == "context_switch")
    let hardware = try other(
      "#1     inner/outer(us):   12/14    ts:1499801089.066141940 count:3")
    #expect(hardware.name == "hwlat")
    #expect(hardware.fields.first { $0.name == "duration" }?.value == "12")
    let irq = try other("irq_noise: local_timer:236 start 45.358869383 duration 13390 ns")
    #expect(irq.fields.map(\.value) == ["local_timer:236", "45.358869383", "13390"])
    let stat = try other("sched_stat_runtime: comm=a b pid=17 runtime=22886 [ns]")
    #expect(stat.fields.map(\.name) == ["comm", "pid", "runtime"])
    #expect(stat.fields.map(\.value) == ["a b", "17", "22886 [ns]"])
  }

  @Test func `stack frames belong to the stack in front of them`() {
    let text = read(
      """
      # tracer: nop
                    sh-61      [000] d..2.    52.546576: sched_waking: comm=x pid=3 prio=120 target_cpu=000
                    sh-61      [000] d..2.    52.546577: <stack trace>
       => __schedule
       => schedule+0x1c/0xb0
       => helper [mod]
       => last (ffffffff81000010)
                    sh-61      [000] d..2.    52.546578: kernel_stack:         <stack trace >
      => __schedule (ffffffff81000020)

      """)
    #expect(text.problems == [])
    #expect(text.sections[0].eventCount == 3)
    #expect(
      text.timeline.merged.last?.payload
        == .stack([CodeLocation(address: 0xffff_ffff_8100_0020, symbol: "__schedule")]))
    #expect(
      text.timeline.merged[1].payload
        == .stack([
          CodeLocation(address: 0, symbol: "__schedule"),
          CodeLocation(address: 0, symbol: "schedule", offset: 0x1c),
          CodeLocation(address: 0, symbol: "helper", module: "mod"),
          CodeLocation(address: 0xffff_ffff_8100_0010, symbol: "last"),
        ]))
  }

  @Test func `lost events and damaged lines are gaps`() {
    let text = read(
      """
          sh-61      [000] d..2.    1.000000: a: b
      ##### CPU 1 buffer started ####
          sh-62      [001] d..2.    1.000010: a: b
      CPU:1 [LOST 123 EVENTS]
          sh-61      [000] d..2.    2.000000: a: b
      CPU:0 [LOST EVENTS]
          sh-62      [001] d..2.    3.000000: a: b
          sh-62      [001] d..@@    3.0000
          sh-61      [000] d..2.    4.000000: a: b

      """)
    #expect(text.sections[0].eventCount == 5)
    #expect(text.problems.map(\.offset) == [8])
    let seconds: (Int64) -> Nanoseconds = { Nanoseconds($0 * 1_000_000_000) }
    let damage = TimelineGap(
      span: TimeSpan(seconds(3), seconds(4)),
      cause: .damaged("line 8:     sh-62      [001] d..@@    3.0000"))
    #expect(
      text.timeline[cpu: 1]?.gaps == [
        TimelineGap(
          span: TimeSpan(Nanoseconds(1_000_010_000), seconds(3)), cause: .lostEvents(count: 123)),
        damage,
      ])
    #expect(
      text.timeline[cpu: 0]?.gaps == [
        damage,
        TimelineGap(span: TimeSpan(seconds(2), seconds(4)), cause: .lostEvents(count: nil)),
      ])
    #expect(text.timeline[cpu: 1]?.oldest == Nanoseconds(1_000_010_000))
  }

  @Test func `a latency tracer's header is read`() throws {
    let text = read(
      """
      # tracer: irqsoff
      #
      # irqsoff latency trace v1.1.5 on 6.12.117-lab-rt
      # --------------------------------------------------------------------
      # latency: 2002 us, #1/4, CPU#1 | (M:preempt_rt VP:0, KP:0, SP:0 HP:0 #P:2)
      #    -----------------
      #    | task: irq test-99 (uid:0 nice:-5 policy:1 rt_prio:80)
      #    -----------------
      #  => started at: preemptirqtest_0
      #  => ended at:   preemptirqtest_0
      #
      #                    _------=> CPU#
      #                   / _-----=> irqs-off/BH-disabled
      irq_test-99        1d....    0us#: execute <-preemptirqtest_0

      """)
    var latency = LatencyHeader(latency: Nanoseconds(2_002_000))
    latency.cpu = 1
    latency.preemptionModel = "preempt_rt"
    latency.release = "6.12.117-lab-rt"
    latency.task = TaskIdentity(pid: 99, comm: "irq test")
    latency.policy = 1
    latency.realtimePriority = 80
    latency.nice = -5
    latency.startedAt = "preemptirqtest_0"
    latency.endedAt = "preemptirqtest_0"
    #expect(text.header.latency == latency)
    #expect(text.header.tracer == "irqsoff")
    #expect(text.header.entriesInBuffer == 1)
    #expect(text.header.entriesWritten == 4)
    #expect(text.header.cpuCount == 2)
    #expect(text.header.hasRelativeStamps)
  }

  @Test func `two headers make two sections`() {
    let text = read(
      """
      # tracer: nop
      #
      # entries-in-buffer/entries-written: 1/20   #P:4
      #
          sh-61      [000] d..2.    1.000000: a: b
      # tracer: irqsoff
      #
      # irqsoff latency trace v1.1.5 on 6.12.117-lab-rt
      # latency: 12 us, #1/1, CPU#0 | (M:preempt VP:0, KP:0, SP:0 HP:0 #P:4)
      irq_test-99        0d....    5us : execute <-preemptirqtest_0

      """)
    #expect(text.sections.map(\.header.tracer) == ["nop", "irqsoff"])
    #expect(text.sections.map(\.eventCount) == [1, 1])
    #expect(text.sections[0].header.entriesWritten == 20)
    #expect(text.sections[1].header.latency?.latency == Nanoseconds(12_000))
    #expect(text.sections[1].timeline.merged.first?.time == Nanoseconds(5_000))
  }

  @Test func `lines of the graph tracer are read in every form`() {
    let text = read(
      """
      # tracer: function_graph
         16.233970 |   0)  hackben-128   |  d.h1. | ! 101.710 us  |                  } /* done */
       0)   4.918 us    |                } /* current_time */
       1)               |  do_filp_open() {
              6 us |   0)  hackben-3222  |  ...21 |               |  /* sched_waking: comm=x pid=3 prio=120 target_cpu=000 */
       ------------------------------------------
       0)  hackben-128   =>     sh-61
       ------------------------------------------

       0)   1.526 us    |    call_it [mod]();

      """)
    #expect(text.problems.allSatisfy { $0.text.contains("sorted") })
    #expect(text.sections[0].eventCount == 5)
    let first = text.timeline[cpu: 0]?.events.first
    #expect(first?.time == Nanoseconds(16_233_970_000) || first?.time == Nanoseconds(6_000))
    let names = text.timeline.merged.map { event -> String in
      if case .other(let other) = event.payload {
        return other.name + ":" + (other.fields.map(\.value).joined(separator: ","))
      }
      return "waking"
    }
    #expect(
      Set(names) == [
        "funcgraph_exit:done,101.710", "funcgraph_exit:current_time,4.918",
        "funcgraph_entry:do_filp_open", "waking", "funcgraph_leaf:call_it [mod],1.526",
      ])
  }

  @Test func `a text out of a mail is read`() {
    let text = read(
      """
      > > # tracer: irqsoff
      > > # latency: 12 us, #3/3, CPU#0 | (M:preempt VP:0, KP:0, SP:0 HP:0 #P:4)
      > >     sh-99        0d....    5us : execute <-preemptirqtest_0
      > > [...]
      > >     sh-99        0d....    7us : execute <-preemptirqtest_0
         #  => ended at:   there
         ....
            sh-99        0d....    9us : execute <-preemptirqtest_0

      """)
    #expect(text.problems == [])
    #expect(text.header.tracer == "irqsoff")
    #expect(text.header.latency?.endedAt == "there")
    #expect(text.sections[0].eventCount == 3)
    #expect(
      text.timeline[cpu: 0]?.gaps == [
        TimelineGap(
          span: TimeSpan(Nanoseconds(5_000), Nanoseconds(7_000)),
          cause: .damaged("line 4: lines were left out")),
        TimelineGap(
          span: TimeSpan(Nanoseconds(7_000), Nanoseconds(9_000)),
          cause: .damaged("line 7: lines were left out")),
      ])
  }

  @Test func `a marker may hold line ends`() {
    let text = read(
      """
          sh-61      [000] d..2.    1.000000: tracing_mark_write: one
      two: three
          sh-61      [000] d..2.    1.000001: a: b

      """)
    #expect(text.problems == [])
    #expect(text.timeline.merged.first?.payload == .marker("one\ntwo: three"))
  }

  static let sample = """
    # tracer: nop
    #
    # entries-in-buffer/entries-written: 8/8   #P:2
    #                                _-----=> irqs-off/BH-disabled
              sh-61      [000] d..2.    52.546576: sched_switch: prev_comm=sh prev_pid=61 prev_prio=120 prev_state=R+ ==> next_comm=x y next_pid=3 next_prio=19
              sh-61      [000] d..2.    52.546577: <stack trace>
     => __schedule+0x1/0x2 [m]
              sh-61      ( 12) [001] d.h2.    52.546578: hrtimer_start: hrtimer=ff function=f expires=1 softexpires=1 mode=ABS
    hackbenc-311       0d..1. 1063736us : do_mmap <-vm_mmap
              sh-61      [001] ....1    52.546579: #659   context    irq timer_latency      1587 ns
              sh-61      [001] ....1    52.546580: ipi_send_cpumask: cpumask=00000003 callsite=a+0x1/0x2 callback=b
       16.233970 |   0)  hackben-128   |  ..... |   1.710 us    |  } /* done */
    CPU:1 [LOST 3 EVENTS]
       hackbench    3525   0 45 00000004 00000000 [0254c635] 0.000ms (+0.080ms):     3525:120:R   + [000]      20: 98:R rcuc/0

    """

  @Test func `every prefix and every changed byte is read without a trap`() {
    let bytes = Array(Self.sample.utf8)
    #expect(read(Self.sample).sections[0].eventCount == 8)
    #expect(read(Self.sample).problems.allSatisfy { $0.text.contains("sorted") })
    var events = 0
    for count in 0...bytes.count {
      events += FtraceTextReader.read(ByteStore(Array(bytes[..<count]))).sections[0].eventCount
    }
    for place in bytes.indices {
      for value: UInt8 in [0, 10, 32, 45, 57, 58, 93, 255] {
        var copy = bytes
        copy[place] = value
        events += FtraceTextReader.read(ByteStore(copy)).sections[0].eventCount
      }
    }
    #expect(events > bytes.count * 8)
  }

  @Test func `numbers beyond every range saturate`() throws {
    let huge = String(repeating: "9", count: 60)
    let text = read(
      """
      sh-\(huge)  [000] d..2.    1.0: a: b
      sh-1  [\(huge)] d..2.    1.0: a: b
      sh-1  [000] d..2.    \(huge).0: a: b
      sh-1  [000] d..2.    1.\(huge): a: b
      sh-1       0d..1. \(huge)us : a: b
      sh-1  [000] d..2.    1.0: sched_waking: comm=x pid=\(huge) prio=\(huge) target_cpu=\(huge)
      sh-1  [000] d..2.    1.0: irq_handler_entry: irq=-\(huge) name=x
      sh-1  [000] d..2.    1.0: cpu_idle: state=\(huge) cpu_id=\(huge)
      sh-1  [000] d..2.    1.0: ipi_send_cpu: cpu=\(huge) callsite=a callback=b
      # latency: \(huge) us, #\(huge)/\(huge), CPU#\(huge)

      """)
    #expect(text.sections[0].eventCount == 6)
  }

  @Test func `unknown lines are listed up to a thousand and counted beyond`() {
    let text = read(String(repeating: "what is this\n", count: 1_500))
    #expect(text.problems.count == 1_001)
    #expect(text.problems.last?.text == "500 more lines were not understood")
    #expect(text.lineCount == 1_500)
    #expect(text.sections.count == 1)
  }
}
