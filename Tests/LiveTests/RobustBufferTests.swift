import Foundation
import Recorded
import Session
import SystemPackage
import Testing
import TraceModel

/// Buffers that are too small for the window, and the size that a report asks for.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct RobustBufferTests {
  private struct Report: Decodable {
    struct Spike: Decodable {
      var culprit: ReportFile.Cause
      var contributors: [ReportFile.Cause]
      var trace: Trace
    }
    struct Trace: Decodable {
      struct Recording: Decodable {
        var buffer_got_kib: Int?
        var buffer_needed_kib: Int?
      }
      var complete: Bool
      var covers_window: Bool
      var lost_in_window: UInt64
      var recording: Recording
    }
    var spike: Spike
  }

  /// A spike of 300 ms on CPU 0, while another task there wakes up all the time.
  private func measure(kilobytes: Int) throws -> (report: Report, command: Command) {
    let directory = TemporaryDirectory()
    let hog = Fault(
      .hog, name: "bt-long", cpu: 0, policy: .fifo, priority: 90, busy: Nanoseconds(300_000_000),
      period: Nanoseconds(2_000_000_000), duration: Nanoseconds(10_000_000_000),
      delay: Nanoseconds(800_000_000))
    // Above the hog's priority, so that events go on in the window.
    let ticks = Fault(
      .hog, name: "bt-ticks", cpu: 0, policy: .fifo, priority: 95, busy: Nanoseconds(10_000),
      period: Nanoseconds(200_000), duration: Nanoseconds(8_000_000_000))
    let load = try FaultProcess(ticks, executable: Command.executable)
    let process = try FaultProcess(hog, executable: Command.executable)
    let command = try Command([
      "-q", "-a", "0", "-t", "1", "-p", "80", "-i", "1000", "-D", "10", "-b", "200000", "--buffer",
      "\(kilobytes)", "--format", "json", "--output", directory.path,
    ])
    process.stop()
    load.stop()
    return (
      try JSONDecoder().decode(Report.self, from: Data(command.output.utf8)), command
    )
  }

  @Test func `lost events are said, nothing is proven, and the size asked for is right`() throws {
    let small = try measure(kilobytes: 64)
    #expect(small.command.status == 4, "\(small.command.errors)")
    let trace = small.report.spike.trace
    #expect(!trace.complete)
    #expect(!trace.covers_window || trace.lost_in_window > 0)
    for cause in [small.report.spike.culprit] + small.report.spike.contributors {
      #expect(cause.confidence != "proven", "\(cause.class)")
    }
    let needed = try #require(trace.recording.buffer_needed_kib)
    #expect(needed > (trace.recording.buffer_got_kib ?? 0))

    let asked = try measure(kilobytes: needed)
    #expect(asked.command.status == 2, "\(needed) KiB: \(asked.command.errors)")
    #expect(asked.report.spike.trace.complete)
    #expect(asked.report.spike.trace.recording.buffer_needed_kib == nil)
    #expect(asked.report.spike.culprit.class == "higher-priority-task")
  }
}
