import Captures
import Foundation
import Recorded
import RingBuffer
import Testing
import TraceFile
import TraceModel

/// Cut and changed files go through the whole analysis without a trap.
struct OfflineRobustnessTests {
  /// Some pages of a recorded spike with the formats that they need, as a small trace.dat.
  private static func smallFile() throws -> [UInt8] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    let file = try TraceDatReader.read(path)
    var trace = try #require(file.mainBuffer).trace
    trace.symbols = ""
    trace.formats = trace.formats.filter {
      $0.system == "sched" || ($0.system == "ftrace" && $0.text.contains("name: print"))
        || ($0.system == "timer" && $0.text.contains("hrtimer_"))
    }
    for index in trace.cpus.indices {
      let range = trace.cpus[index].range
      trace.cpus[index].range =
        max(range.lowerBound, range.upperBound - 2 * trace.pageSize)..<range.upperBound
    }
    let target =
      NSTemporaryDirectory()
      + "breaktrace-offline-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).dat"
    defer { unlink(target) }
    try TraceDatWriter(trace).write(path: target)
    return [UInt8](try #require(FileManager.default.contents(atPath: target)))
  }

  private static let requests: [AnalyzeRequest] = {
    var search = AnalyzeRequest()
    search.threshold = .zero
    var all = AnalyzeRequest()
    all.all = true
    var named = AnalyzeRequest()
    named.task = .comm("breaktrace")
    return [all, search, named]
  }()

  /// Analyses the bytes in every way; what throws is refused, and that is right.
  private func analyse(_ bytes: [UInt8], _ request: AnalyzeRequest) -> Int {
    guard let trace = try? RecordedTrace(bytes: bytes, name: "damaged") else { return 0 }
    let found = trace.analyze(request, toolVersion: "test")
    return found.reports.count + found.remarks.count
  }

  @Test func `every cut of a trace.dat is analysed or refused`() throws {
    let bytes = try Self.smallFile()
    #expect(analyse(bytes, Self.requests[1]) > 0)
    for (number, length) in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150))
      .enumerated()
    {
      _ = analyse(Array(bytes[..<length]), Self.requests[number % Self.requests.count])
    }
  }

  @Test func `a changed byte of a trace.dat is analysed or refused`() throws {
    let bytes = try Self.smallFile()
    var generator = SystemRandomNumberGenerator()
    for number in 0..<150 {
      var changed = bytes
      for _ in 0..<(number % 8 + 1) {
        // Half of them in the pages at the end.
        let low = number.isMultiple(of: 2) ? max(0, bytes.count - 16_384) : 0
        changed[Int.random(in: low..<bytes.count, using: &generator)] ^= UInt8.random(
          in: 1...255, using: &generator)
      }
      _ = analyse(changed, Self.requests[number % Self.requests.count])
    }
  }

  @Test(
    arguments: [
      "inject-irqsoff.trace", "wakeup_rt-func0-events.trace", "osnoise-plain.trace",
      "irqsoff-func0-events.trace", "inject-preemptirqsoff-alt-pievents.trace",
    ])
  func `a cut or changed text is analysed`(name: String) throws {
    let bytes = try Captures.bytes("captures/rt612-up-icount/" + name)
    var generator = SystemRandomNumberGenerator()
    for number in 0..<300 {
      _ = analyse(Array(bytes[..<(bytes.count * number / 300)]), Self.requests[0])
      var changed = bytes
      for _ in 0..<(number % 16 + 1) {
        changed[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      _ = analyse(changed, Self.requests[number % Self.requests.count])
    }
  }

  @Test func `packed files are unpacked and damaged ones refused`() throws {
    let bytes = try Self.smallFile()
    let path = NSTemporaryDirectory() + "breaktrace-packed-\(getpid()).dat"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { for ending in ["", ".gz", ".zst"] { unlink(path + ending) } }
    for (tool, ending) in [("gzip", ".gz"), ("zstd", ".zst")] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [tool, "-k", "-q", "-f", path]
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { continue }
      let trace = try RecordedTrace(path: path + ending)
      #expect(!trace.hasNoEvents, "\(tool)")
      #expect(!trace.problems.contains { $0.contains("truncated or damaged") }, "\(tool)")
      let packed = [UInt8](try #require(FileManager.default.contents(atPath: path + ending)))
      // What a cut one still gives is read, and it says so.
      try Data(packed[..<(packed.count * 9 / 10)]).write(to: URL(fileURLWithPath: path + ending))
      let cut = try? RecordedTrace(path: path + ending)
      #expect(cut?.problems.contains { $0.contains("truncated or damaged") } ?? true, "\(tool)")
      for length in stride(from: 4, to: packed.count, by: max(1, packed.count / 40)) {
        try Data(packed[..<length]).write(to: URL(fileURLWithPath: path + ending))
        _ = try? RecordedTrace(path: path + ending)
      }
    }
  }

  @Test func `a marker with a latency beyond all clocks is analysed`() {
    let text = """
      sh-1  [000] d..2.    1.0: irq_handler_entry: irq=9 name=x
                <idle>-0   [000] d.h1.    10.002003: sched_waking: comm=rcuc/0 pid=20 prio=98 target_cpu=000
                rcuc/0-20  [000] .....    10.002021: tracing_mark_write: Hit latency: 99999999999999999
      """
    for request in Self.requests { _ = analyse(Array(text.utf8), request) }
    #expect(analyse(Array(text.utf8), Self.requests[0]) > 0)
  }
}
