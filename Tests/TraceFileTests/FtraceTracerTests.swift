import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// The text of tracers: latency headers and sections, function graph, timerlat, osnoise, hwlat,
/// stacks.
struct FtraceTracerTests: ReadsFtrace {
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
}
