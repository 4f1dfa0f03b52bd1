import Foundation
import Testing

/// What a live report says of the tool's own cost and of others on the machine.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct SurroundingsLiveTests {
  private struct Report: Decodable {
    struct Observer: Decodable {
      var median_off_ns: Int64
      var median_on_ns: Int64
      var lower_quartile_off_ns: Int64
      var lower_quartile_on_ns: Int64
      var marker_write_ns: Int64
      var wakeups: Int
      var cost_ns: Int64
    }
    struct Spike: Decodable {
      var latency_ns: Int64
      var culprit: ReportFile.Cause
    }
    var spike: Spike
    var observer: Observer
    var caveats: [String]
  }

  private func measure(
    _ directory: TemporaryDirectory, executable: String = Command.executable,
    before: [String] = []
  ) throws -> Report {
    let command = try Command(
      before + [
        "-q", "-t", "1", "-a", "0", "-p", "80", "-i", "500", "-D", "10", "-b", "1", "--format",
        "json", "--output", directory.path,
      ], executable: executable)
    #expect([2, 4].contains(command.status), "\(command.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(command.output.utf8))
  }

  @Test func `the cost of tracing is measured, and a latency within it is the observer's`() throws {
    for _ in 1...3 {
      let report = try measure(TemporaryDirectory())
      let observer = report.observer
      #expect(observer.wakeups >= 8)
      #expect(observer.median_off_ns > 0 && observer.median_on_ns > 0)
      #expect(observer.marker_write_ns > 100)
      #expect(
        observer.cost_ns
          == max(
            0,
            min(
              observer.median_on_ns - observer.median_off_ns,
              observer.lower_quartile_on_ns - observer.lower_quartile_off_ns)))
      let isWithin = report.spike.latency_ns < 2 * observer.cost_ns
      #expect((report.spike.culprit.class == "observer") == isWithin)
    }
  }

  @Test func `somebody else who traces is named, one who only has an instance is not`() throws {
    let root = "/sys/kernel/tracing/instances"
    let (busy, idle) = ("doc-busy-\(getpid())", "doc-idle-\(getpid())")
    for name in [busy, idle] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/\(name)", withIntermediateDirectories: false)
    }
    defer { for name in [busy, idle] { rmdir("\(root)/\(name)") } }
    let file = fopen("\(root)/\(busy)/events/sched/sched_process_exec/enable", "w")
    fputs("1", file)
    fclose(file)
    let caveats = try measure(TemporaryDirectory()).caveats
    #expect(caveats.contains { $0.contains("instance \(busy) records 1 events") }, "\(caveats)")
    #expect(!caveats.contains { $0.contains(idle) })
  }

  private static let strace = "/usr/bin/strace"

  @Test(.enabled(if: access(strace, X_OK) == 0, "needs strace"))
  func `a run under strace says that it was traced`() throws {
    let directory = TemporaryDirectory()
    let report = try measure(
      directory, executable: Self.strace,
      before: ["-f", "-o", "/dev/null", "-e", "trace=none", Command.executable])
    #expect(report.caveats.contains { $0.contains("ptrace") }, "\(report.caveats)")
    #expect(try measure(directory).caveats.allSatisfy { !$0.contains("ptrace") })
  }

  @Test func `what a killed run left of its bundle is gone after the next run`() throws {
    let directory = TemporaryDirectory()
    let files = FileManager.default
    let dead = try Command(["status"]).pid
    let left = "\(directory.path)/.breaktrace-unknown-9us-cpu0.tmp-\(dead)"
    try files.createDirectory(atPath: left, withIntermediateDirectories: false)
    try Data("half".utf8).write(to: URL(fileURLWithPath: left + "/trace.dat"))
    _ = try measure(directory)
    let names = try files.contentsOfDirectory(atPath: directory.path)
    #expect(names.count == 1 && names[0].hasPrefix("breaktrace-"), "\(names)")
  }
}
