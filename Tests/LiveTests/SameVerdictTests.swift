import Foundation
import Recorded
import Session
import Testing
import TraceModel

/// The file alone must say what the live run said.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct SameVerdictTests {
  @Test func `live, from the bundle and from its trace file the JSON is the same bytes`() throws {
    let directory = TemporaryDirectory()
    let hog = Fault(
      .hog, name: "bt-above", cpu: 1, policy: .fifo, priority: 90, busy: Nanoseconds(6_000_000),
      period: Nanoseconds(300_000_000), duration: Nanoseconds(20_000_000_000),
      delay: Nanoseconds(600_000_000))
    let running = try FaultProcess(hog, executable: Command.executable)
    let live = try Command([
      "-a", "1", "-t", "1", "-p", "80", "-q", "-D", "20", "-b", "3500", "--format", "json",
      "--output", directory.path,
    ])
    running.stop()
    #expect(live.status == 2, "\(live.errors)")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).first)
    let bundle = directory.path + "/" + name
    let kept = try String(contentsOfFile: bundle + "/report.json", encoding: .utf8)
    #expect(live.output.trimmingCharacters(in: .newlines) == kept.trimmingCharacters(in: .newlines))
    for path in [bundle, bundle + "/trace.dat"] {
      let again = try Command(["analyze", "--format", "json", path])
      #expect(again.status == 0, "\(again.errors)")
      #expect(
        again.output.trimmingCharacters(in: .newlines) == kept.trimmingCharacters(in: .newlines))
    }
  }
}
