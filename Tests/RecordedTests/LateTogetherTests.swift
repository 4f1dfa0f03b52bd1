import Analysis
import Foundation
import Recorded
import Report
import Testing
import TraceModel

/// Threads of several CPUs that are late in the same cycle: said as machine-wide, and never a cause
/// by itself.
struct LateTogetherTests {
  private static func report(_ text: String) throws -> SpikeReport {
    let trace = try RecordedTrace(bytes: Array(text.utf8), name: "together")
    return try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
  }

  /// timerlat's lines of `late` CPUs in one cycle, after a quiet one.
  private static func timerlat(_ late: [Int: Int], at microsecond: Int = 0) -> String {
    var lines = "# tracer: timerlat\n"
    for (number, base) in [(1, 100_000), (2, 101_000)] {
      for cpu in 0..<4 {
        let length = number == 2 ? late[cpu] ?? 9_000 : 8_000
        let time = base * 1_000 + length + (number == 2 && cpu > 0 ? microsecond * 1_000 : 0)
        let stamp =
          "\(time / 1_000_000_000)."
          + String(String(1_000_000_000 + time % 1_000_000_000).dropFirst().prefix(6))
        lines +=
          "  timerlat/\(cpu)-90\(cpu)  [00\(cpu)] .....   \(stamp): #\(number)      "
          + "context thread timer_latency   \(length) ns\n"
      }
    }
    return lines
  }

  @Test(arguments: [
    ([0: 900_000, 1: 890_000, 2: 870_000, 3: 910_000], "0-3"),
    ([1: 400_000, 3: 380_000], "1,3"),
  ]) func `timerlat's threads of several CPUs`(late: [Int: Int], cpus: String) throws {
    let report = try Self.report(Self.timerlat(late))
    let analysis = report.analysis
    #expect(analysis.lateTogether.count == late.count - 1)
    let text = report.text.split(separator: "\n").joined(separator: " ")
    #expect(text.contains("late in the same cycle on CPUs \(cpus): timerlat/"), "\(text)")
    #expect(analysis.culprit.culprit == .unknown || analysis.culprit.confidence <= .possible)
  }

  @Test(arguments: [
    // One alone, others that are usual, and one that is late some other time.
    Self.timerlat([2: 900_000]), Self.timerlat([0: 900_000, 1: 40_000, 2: 300_000]),
    Self.timerlat([0: 300_000, 1: 300_000], at: 5_000),
  ]) func `one CPU alone is not the machine`(text: String) throws {
    let report = try Self.report(text)
    #expect(report.analysis.lateTogether.isEmpty)
    #expect(!report.text.contains("same cycle"))
  }

  /// Two threads of cyclictest, both woken by their own timers after a pause of 700 us, one of
  /// which writes the marker.
  private static func cyclictest(other: Int, marker: Bool = false) -> String {
    func line(_ task: String, _ pid: Int, _ cpu: Int, _ flags: String, _ time: Int, _ text: String)
      -> String
    {
      "  \(task)-\(pid)  [00\(cpu)] \(flags)   50.\(String(1_000_000 + time).dropFirst()): \(text)\n"
    }
    var text = "# tracer: nop\n"
    for cpu in 0..<2 {
      let pid = 60 + cpu
      let end = cpu == 0 ? 2_705 : 2_000 + other
      text += line(
        "cyclictest", pid, cpu, "d..1.", 1_010,
        "hrtimer_start: hrtimer=00000000a\(cpu) function=hrtimer_wakeup expires=50002000000 "
          + "softexpires=50002000000 mode=ABS")
      text += line(
        "cyclictest", pid, cpu, "d..2.", 1_015,
        "sched_switch: prev_comm=cyclictest prev_pid=\(pid) prev_prio=19 prev_state=S ==> "
          + "next_comm=swapper/\(cpu) next_pid=0 next_prio=120")
      text += line(
        "<idle>", 0, cpu, "d.h1.", end - 5, "local_timer_entry: vector=236")
      text += line(
        "<idle>", 0, cpu, "d.h2.", end - 4,
        "hrtimer_expire_entry: hrtimer=00000000a\(cpu) function=hrtimer_wakeup "
          + "now=5000\(end - 4)000")
      text += line(
        "<idle>", 0, cpu, "d.h3.", end - 3,
        "sched_waking: comm=cyclictest pid=\(pid) prio=19 target_cpu=00\(cpu)")
      text += line(
        "<idle>", 0, cpu, "d..2.", end,
        "sched_switch: prev_comm=swapper/\(cpu) prev_pid=0 prev_prio=120 prev_state=R ==> "
          + "next_comm=cyclictest next_pid=\(pid) next_prio=19")
      if marker, cpu == 1 {
        text += line(
          "cyclictest", pid, cpu, ".....", end + 3,
          "tracing_mark_write: hit latency threshold (\(other) > 100)")
      }
    }
    text += line(
      "cyclictest", 60, 0, ".....", 2_708,
      "tracing_mark_write: hit latency threshold (706 > 100)")
    let sorted = text.split(separator: "\n").dropFirst().sorted {
      ($0.split(separator: " ").first { $0.hasPrefix("50.") } ?? "")
        < ($1.split(separator: " ").first { $0.hasPrefix("50.") } ?? "")
    }
    return "# tracer: nop\n" + sorted.joined(separator: "\n") + "\n"
  }

  @Test(arguments: [(702, false), (695, true), (640, false)])
  func `cyclictest's threads by their own timers and markers`(
    other: Int, marker: Bool
  ) throws {
    let analysis = try Self.report(Self.cyclictest(other: other, marker: marker)).analysis
    let peer = try #require(analysis.lateTogether.first)
    #expect(peer.cpu != analysis.sample.cpu)
    #expect(peer.task.comm == "cyclictest")
    #expect(abs(peer.length.microseconds - Int64(other)) <= 15)
    // A late thread is not a cause of another one.
    #expect(
      ![.runQueue, .samePriorityTask, .higherPriorityTask].contains(analysis.culprit.culprit))
  }

  @Test(arguments: [6, 40, 200]) func `the other thread was in time`(other: Int) throws {
    #expect(try Self.report(Self.cyclictest(other: other)).analysis.lateTogether.isEmpty)
  }

  @Test func `JSON has the threads`() throws {
    let report = try Self.report(Self.timerlat([0: 900_000, 2: 880_000]))
    let json = try report.json
    #expect(json.contains("\"late_together\""))
    #expect(try !Self.report(Self.timerlat([0: 900_000])).json.contains("late_together"))
  }
}
