import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Texts that are cut, damaged, or come out of a mail.
struct FtraceTextTests: ReadsFtrace {
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

  @Test(arguments: [
    // Without a newline at its end.
    ("cpus=2\n  sh-61  [000]  1.000000: a: b\n  sh-61  [001]  1.000002: a: b", 2, 0),
    // trace-cmd without the event's format.
    ("cpus=1\n  sh-61  [000]  1.000000: softirq_raise: [FAILED TO PARSE] vec=1\n", 1, 0),
    // Out of order.
    ("cpus=1\n  sh-61  [000]  2.000000: a: b\n  sh-61  [000]  1.000000: a: b\n", 2, 1),
    // A page of systrace.
    (
      "<!DOCTYPE html>\n<html><body>\n<script class=\"trace-data\" type=\"application/text\">\n"
        + "# tracer: nop\n  sh-61  (   61) [000] d..2  1.000000: a: b &amp; c\n"
        + "  sh-61  (-----) [001] ...1  1.000010: a: b\n</script></body></html>\n", 2, 0
    ),
  ]) func `forms of other tools hold their events`(text: String, events: Int, problems: Int) {
    let text = read(text)
    #expect(text.sections.map(\.eventCount) == [events])
    #expect(text.problems.count == problems, "\(text.problems)")
    #expect(text.timeline.merged.allSatisfy { $0.pid == 61 })
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

  @Test func `unknown lines in a row are one problem`() {
    let text = read(String(repeating: "what is this\n\n", count: 1_500))
    #expect(text.problems.map(\.offset) == [1])
    #expect(text.problems.first?.text.contains("up to line 3000") == true)
    #expect(text.lineCount == 3_000)
    #expect(text.sections.count == 1)
  }

  @Test func `unknown lines are listed up to twenty and counted beyond`() {
    let pair = "    sh-61      [000] d..@.\n    sh-61      [000] d..2.    1.000000: a: b\n"
    let text = read(String(repeating: pair, count: 1_500))
    #expect(text.problems.count == 21)
    #expect(text.problems.last?.text == "cannot parse 1480 more lines")
    #expect(text.sections[0].eventCount == 1_500)
  }
}
