import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Sections of latency tracers whose header is not that of ftrace, or not whole.
struct LostHeaderTests: ReadsFtrace {
  private func lines(_ end: String, flags: String = "d..1.") -> String {
    """
        sh-99        3\(flags)    0us*: dev_poll <-dev_loop
        sh-99        3\(flags)  210us : dev_read <-dev_poll
        sh-99        3\(flags) 2870us : \(end)
    """
  }

  @Test(arguments: [
    ("tracer_hardirqs_on <-dev_poll", "irqsoff", "", 210),
    ("trace_hardirqs_on <-dev_poll", "irqsoff", "#  => started at: dev_poll\n", 210),
    ("tracer_preempt_on <-dev_poll", "preemptoff", "", 210),
    (
      "dev_done <-dev_poll", "preemptirqsoff",
      "#  => ended at:   dev_done\n#  => started at: dev_poll\n", 2_870
    ),
    (
      "dev_done <-dev_poll", "preemptirqsoff",
      "#    | task: sh-99 (uid:0 nice:0 policy:0 rt_prio:0)\n", 2_870
    ),
  ]) func `a header without its first lines is made of the section's`(
    end: String, tracer: String, header: String, microseconds: Int64
  ) throws {
    let text = read(header + lines(end))
    #expect(text.header.tracer == tracer)
    let latency = try #require(text.header.latency)
    #expect(latency.latency.microseconds == microseconds)
    #expect(latency.cpu == 3)
    #expect(text.repairs.contains { $0.contains("latency is missing") })
    #expect(text.repairs.contains { $0.contains("tracer is missing") })
  }

  @Test func `lines of a wake-up tracer tell its length`() throws {
    let text = read(
      """
        ls-20        1dNh4.    0us :       20:120:R   + [001]      90: 79:R rt
        ls-20        1d..3.  812us : __schedule <-preempt_schedule
        ls-20        1d..3.  820us :       20:120:R ==> [001]      90: 79:R rt
      """)
    #expect(text.header.tracer == "wakeup_rt")
    #expect(text.header.latency?.latency.microseconds == 820)
  }

  @Test func `a length that the header has is not replaced`() throws {
    let text = read(
      "# latency: 5000 us, #3/3, CPU#3 | (M:preempt VP:0, KP:0)\n"
        + lines("tracer_hardirqs_on <-dev_poll"))
    #expect(text.header.tracer == "irqsoff")
    #expect(text.header.latency?.latency.microseconds == 5_000)
    #expect(!text.repairs.contains { $0.contains("latency is missing") })
  }

  @Test func `lines of the function tracer in the latency format are no section`() {
    let text = read(lines("dev_done <-dev_poll"))
    #expect(text.header.latency == nil)
    #expect(text.header.tracer.isEmpty)
  }

  @Test func `the latency tracer of before ftrace is read`() throws {
    let text = read(
      """
      preemption latency trace v1.1.5 on 2.6.24-rt1
      --------------------------------------------------------------------
       latency: 402 us, #4/4, CPU#0 | (M:preempt VP:0, KP:0, SP:1 HP:1 #P:2)
          -----------------
          | task: sh-99 (uid:0 nice:0 policy:0 rt_prio:0)
          -----------------
       => started at: dev_poll+0x1c/0x90
       => ended at:   dev_done+0x2/0x10

                       _------=> CPU#
                      / _-----=> irqs-off
                     | / _----=> need-resched
                     || / _---=> hardirq/softirq
                     ||| / _--=> preempt-depth
                     |||| /
                     |||||     delay
         cmd     pid ||||| time  |   caller
            \\   /    |||||   \\   |   /
            sh-99    0d..1    0us!: dev_poll (dev_loop)
            sh-99    0d..1  400us : dev_read (dev_poll)
            sh-99    0dn.1  401us : try_to_wake_up <<...>-3> (0 1)
            sh-99    0dn.1  402us : dev_done (dev_loop)


      vim:ft=help
      """)
    #expect(text.problems == [])
    #expect(text.header.tracer == "preemptirqsoff" || text.header.tracer == "irqsoff")
    let latency = try #require(text.header.latency)
    #expect(latency.latency.microseconds == 402)
    #expect(latency.release == "2.6.24-rt1")
    #expect(latency.startedAt == "dev_poll")
    #expect(latency.endedAt == "dev_done")
    #expect(latency.task == TaskIdentity(pid: 99, comm: "sh"))
    #expect(
      text.timeline.merged.map(PastedTextTests.short) == [
        "0 [0] 99 function ip=dev_poll parent_ip=dev_loop",
        "400 [0] 99 function ip=dev_read parent_ip=dev_poll",
        "401 [0] 99 function ip=try_to_wake_up",
        "402 [0] 99 function ip=dev_done parent_ip=dev_loop",
      ])
    #expect(text.timeline.merged.last?.context.column == "dn.1.")
    #expect(text.repairs.contains { $0.contains("before ftrace") })
  }

  @Test func `the first latency tracer is read`() throws {
    let text = read(
      """
      preemption latency trace v1.0.7 on 2.6.9-rc1
      -------------------------------------------------------
       latency: 103 us, entries: 3 (3)    |   [VP:1 KP:1 SP:1 HP:1 #CPUS:1]
          -----------------
          | task: X/1234, CPU#2, uid:0 nice:0 policy:0 rt_prio:0
          -----------------
       => started at: sys_ioctl+0x1/0x2
       => ended at:   dev_done+0x1/0x2
      =======>
      00000001 0.000ms (+0.100ms): unlock_kernel (sys_ioctl)
      00010001 0.100ms (+0.003ms): dev_read (dev_poll)
      00000001 0.103ms (+0.000ms): dev_done (dev_poll)
      """)
    #expect(text.problems == [])
    #expect(text.header.latency?.latency.microseconds == 103)
    #expect(
      text.timeline.merged.map(PastedTextTests.short) == [
        "0 [2] 1234 function ip=unlock_kernel parent_ip=sys_ioctl",
        "100 [2] 1234 function ip=dev_read parent_ip=dev_poll",
        "103 [2] 1234 function ip=dev_done parent_ip=dev_poll",
      ])
  }

  @Test func `a header's line that a mailer wrapped is joined`() throws {
    let text = read(
      """
      # tracer: irqsoff
      # latency: 12 us, #1/1, CPU#0 | (M:preempt VP:0, KP:0, SP:0 HP:0 #P:4)
      #    | task: irq_test-99 (uid:0 nice:0 policy:1
      rt_prio:50)
          sh-99        0d....    5us : execute <-preemptirqtest_0
      """)
    #expect(text.header.latency?.realtimePriority == 50)
    #expect(text.header.latency?.task?.pid == 99)
  }
}

/// Stamps that do not fit among those around them.
struct StampCheckTests: ReadsFtrace {
  private func text(_ stamps: [Int]) -> FtraceText {
    read(
      stamps.map { "  sh-61  [000] d..2.  1.\(String(format6($0))): a_b: c" }.joined(
        separator: "\n"))
  }

  private func format6(_ value: Int) -> String {
    String(repeating: "0", count: 6 - "\(value)".count) + "\(value)"
  }

  @Test(arguments: [
    ([10, 20, 30, 5, 40, 50, 60, 70, 80, 90], [3]), ([10, 20, 900, 30, 40, 50, 60, 70, 80], [2]),
    ([10, 20, 30, 40, 50, 60, 70, 80, 5], [8]), ([900, 20, 30, 40, 50, 60, 70, 80, 90], [0]),
  ]) func `a stamp that lies is not used`(stamps: [Int], strays: [Int]) {
    let text = text(stamps)
    #expect(text.problems.compactMap(\.offset) == strays.map { UInt64($0 + 1) })
    let events = text.timeline.cpus[0].events
    #expect(events.map(\.position) == stamps.indices.map { UInt64($0 + 1) })
    let isOrdered = zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time }
    #expect(isOrdered)
    #expect(text.timeline.cpus[0].gaps.count == strays.count)
    let isDamaged = text.timeline.cpus[0].gaps.allSatisfy { $0.isDamaged }
    #expect(isDamaged)
  }

  @Test func `parts in another order are sorted`() {
    let text = text([60, 70, 80, 90, 10, 20, 30, 40])
    #expect(text.problems.map(\.text).first?.contains("sorted") == true)
    #expect(text.timeline.cpus[0].events.first?.time.microseconds == 1_000_010)
    #expect(text.timeline.cpus[0].gaps == [])
  }
}
