import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Heads and flag columns of single lines, in every form that kernels and trace-cmd print.
struct FtraceLineTests: ReadsFtrace {
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
}
