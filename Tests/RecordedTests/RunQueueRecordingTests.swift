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

  // MARK: the order of the events

  /// What a replay reported: its rows, and the text of its statistics.
  private struct Told: Equatable {
    var rows: [RunQueueWait] = []
    var summary = ""
  }

  private static func fixture() throws -> RawTrace {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    var trace = try #require(try TraceDatReader.read(path).mainBuffer).trace
    trace.symbols = ""
    return trace
  }

  /// The pages of each CPU.
  private static func pages(_ trace: RawTrace) -> [[[UInt8]]] {
    trace.cpus.map { cpu in
      stride(from: cpu.range.lowerBound, to: cpu.range.upperBound, by: trace.pageSize).map {
        cpu.store.withBytes(in: $0..<$0 + trace.pageSize) { span in
          span.withUnsafeBytes { Array($0) }
        }
      }
    }
  }

  private static func trace(_ trace: RawTrace, _ pages: [[[UInt8]]]) -> RawTrace {
    var result = trace
    result.cpus = zip(trace.cpus, pages).map { cpu, pages in
      CPUPages(cpu: cpu.cpu, store: ByteStore(pages.flatMap { $0 }))
    }
    return result
  }

  /// Streamed from a file.
  private static func streamed(_ trace: RawTrace) throws -> Told {
    try scratch { path in
      try TraceDatWriter(trace).write(path: path)
      let recording = try RunQueueRecording(path: path)
      nonisolated(unsafe) var told = Told()
      let replay = recording.replay(
        filter: RunQueueFilter(threshold: .zero),
        observer: RunQueueObserver(waits: { told.rows += $0 }))
      told.summary = RunQueueText.summary(RunQueueSummary(replay))
      return told
    }
  }

  /// All events in memory, put into order by the pages' index and by the merger of the live reader.
  private static func atOnce(_ trace: RawTrace) throws -> Told {
    let labels = LabelTable()
    let decoder = try TraceDecoder(trace: trace)
    let reader = RunQueueDecoder(decoder, labels: labels)
    var merger = RunQueueMerger(buffers: trace.cpus.count)
    for (index, buffer) in trace.cpus.enumerated() {
      for (number, page) in (decoder.pageIndex(cpu: buffer.cpu)?.pages ?? []).enumerated() {
        buffer.store.withBytes(in: page.position..<page.position + trace.pageSize) { bytes in
          let last = merger.queues[index].last?.time ?? 0
          let (lost, _) = reader.decode(
            bytes, cpu: Int32(buffer.cpu), into: &merger.queues[index], after: last)
          if number == 0, lost != .none { merger.queues[index].removeFirst() }
        }
      }
    }
    var replay = RunQueueReplay(filter: RunQueueFilter(threshold: .zero), labels: labels)
    merger.drain(upTo: .max) { replay.apply($0) }
    replay.finish()
    return Told(
      rows: replay.takeWaits(), summary: RunQueueText.summary(RunQueueSummary(replay)))
  }

  @Test func `pages that are out of order are put in order`() throws {
    let trace = try Self.fixture()
    let pages = Self.pages(trace)
    let ordered = try Self.streamed(trace)
    #expect(ordered.rows.count > 500)
    #expect(try Self.atOnce(trace) == ordered)
    var number = UInt64(7)
    for _ in 0..<8 {
      let shuffled = pages.map { pages in
        pages.map { page in
          number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return (number >> 33, page)
        }.sorted { $0.0 < $1.0 }.map(\.1)
      }
      #expect(try Self.streamed(Self.trace(trace, shuffled)) == ordered)
    }
  }

  @Test
  func `uneven CPUs, stamps that go back and damaged pages are streamed as they are read at once`()
    throws
  {
    let trace = try Self.fixture()
    let sound = Self.pages(trace)
    var number = UInt64(1)
    func random(_ count: Int) -> Int {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(number >> 33) % max(1, count)
    }
    for round in 0..<120 {
      var pages = sound
      for _ in 0...random(6) {
        let cpu = random(pages.count)
        guard !pages[cpu].isEmpty else { continue }
        let page = random(pages[cpu].count)
        switch round % 6 {
        case 0: pages[cpu][page][random(8)] ^= UInt8(1 + random(255))
        case 1: pages[cpu].swapAt(page, random(pages[cpu].count))
        case 2: pages[cpu].removeSubrange(page...)
        case 3: pages[cpu][page][16 + random(4_080)] ^= UInt8(1 + random(255))
        case 4: pages[cpu].insert(pages[cpu][page], at: random(pages[cpu].count))
        // The commit word, with the flags of lost events.
        default: pages[cpu][page][8 + random(4)] ^= UInt8(1 << random(8))
        }
      }
      let changed = Self.trace(trace, pages)
      #expect(try Self.streamed(changed) == Self.atOnce(changed), "round \(round)")
    }
  }

  @Test func `lost events of a text come before the first event that is not older`() throws {
    let lines = """
      # tracer: nop
      #
       a-7 [001] d..2 1.000000: sched_waking: comm=b pid=8 prio=120 target_cpu=001
      CPU:1 [LOST 5 EVENTS]
       a-7 [001] d..2 1.002000: sched_switch: prev_comm=a prev_pid=7 prev_prio=120 prev_state=R ==> next_comm=b next_pid=8 next_prio=120
       b-8 [001] d..2 1.003000: sched_switch: prev_comm=b prev_pid=8 prev_prio=120 prev_state=S ==> next_comm=a next_pid=7 next_prio=120
      """
    try Self.scratch { path in
      try Data(lines.utf8).write(to: URL(fileURLWithPath: path))
      nonisolated(unsafe) var rows: [RunQueueWait] = []
      let replay = try RunQueueRecording(path: path).replay(
        filter: RunQueueFilter(threshold: .zero),
        observer: RunQueueObserver(waits: { rows += $0 }))
      #expect(replay.lostEvents == 5 && replay.droppedWaits == 1)
      #expect(rows.map(\.task.pid) == [7])
    }
  }
}
