import Analysis
import Foundation
import Report
import RingBuffer
import Recorded
import Testing
import TraceFile
import TraceModel

/// Cut and changed files are replayed for waits without a trap.
struct RunQueueRecordingTests {
  private static func smallFile() throws -> [UInt8] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    var trace = try #require(try TraceDatReader.read(path).mainBuffer).trace
    trace.symbols = ""
    trace.formats = trace.formats.filter { ["sched", "irq"].contains($0.system) }
    for index in trace.cpus.indices {
      let range = trace.cpus[index].range
      trace.cpus[index].range =
        max(range.lowerBound, range.upperBound - 2 * trace.pageSize)..<range.upperBound
    }
    return try scratch { target in
      try TraceDatWriter(trace).write(path: target)
      return [UInt8](try #require(FileManager.default.contents(atPath: target)))
    }
  }

  private static func scratch<Value>(_ body: (String) throws -> Value) rethrows -> Value {
    let target =
      NSTemporaryDirectory() + "breaktrace-runq-\(getpid())-\(UInt32.random(in: 0...(.max))).dat"
    defer { unlink(target) }
    return try body(target)
  }

  /// The number of rows; nil where the file is refused.
  private static func rows(_ path: String, chains: Int32?) -> Int? {
    guard let recording = try? RunQueueRecording(path: path) else { return nil }
    var rows = 0
    var size = 0
    let observer = RunQueueObserver(waits: { waits in
      rows += waits.count
      for wait in waits { size += RunQueueText.row(wait, time: "").utf8.count }
    })
    let replay = recording.replay(
      filter: RunQueueFilter(threshold: .zero), observer: observer, chains: chains)
    let summary = RunQueueSummary(replay)
    size += RunQueueText.summary(summary).utf8.count
    if chains != nil {
      size +=
        CommandText.text(
          command: "x", status: 0, threshold: .zero, calls: replay.slowCalls, polls: replay.polls,
          deliveries: replay.deliveries, waits: [], summary: summary
        ).utf8.count
    }
    return size > 0 ? rows : nil
  }

  @Test func `every cut and many changes of a trace.dat are replayed or refused`() throws {
    let bytes = try Self.smallFile()
    try Self.scratch { path in
      func attempt(_ changed: [UInt8], _ number: Int) throws -> Int? {
        try Data(changed).write(to: URL(fileURLWithPath: path))
        return Self.rows(path, chains: number.isMultiple(of: 2) ? 1 : nil)
      }
      let whole = try #require(try attempt(bytes, 0))
      #expect(whole > 20)
      var counts: Set<Int?> = []
      for number in 0..<300 {
        counts.insert(try attempt(Array(bytes[..<(bytes.count * number / 300)]), number))
        var changed = bytes
        // Two of three in the pages at the end, stamps of their heads among them.
        let low = number.isMultiple(of: 3) ? 0 : bytes.count - 16_384
        changed[low + (bytes.count - low) * number / 300] ^= number.isMultiple(of: 2) ? 0xff : 0x40
        if number.isMultiple(of: 5) { changed[bytes.count - 4_096 * (1 + number % 4) + 7] = 0x7f }
        counts.insert(try attempt(changed, number))
      }
      #expect(counts.contains(nil))
      let kinds = counts.count
      #expect(kinds > 4)
    }
  }
}
