import Foundation
import RingBuffer
import Testing
import TraceFile
import TraceModel

@testable import Session

/// A search while the file is read finds what a search of the mapped file finds.
struct StreamSearchTests {
  private static func trace() throws -> RawTrace {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    return try #require(try TraceDatReader.read(path).mainBuffer).trace
  }

  @Test(arguments: [1, 3, 2_048], [nil, TaskSelector.comm("breaktrace"), .comm("no such task")])
  func `the same wake-ups and the same index are found`(
    roundPages: Int, task: TaskSelector?
  ) throws {
    let trace = try Self.trace()
    let decoder = try TraceDecoder(trace: trace)
    for threshold in [nil, Nanoseconds(5_000), Nanoseconds(50_000)] {
      let question = StreamSearch.Question(task: task, threshold: threshold, limit: 7)
      let answer = try #require(
        StreamSearch.run(question, trace, least: 0, roundPages: roundPages))
      let wanted = PageSearch(decoder, task: task).run(threshold: threshold, limit: 7)
      #expect(answer.search == wanted)
      #expect(answer.search.records > 1_000)
      #expect(answer.decoder.cpus == decoder.cpus)
      for cpu in decoder.cpus {
        #expect(answer.decoder.pageIndex(cpu: cpu)?.pages == decoder.pageIndex(cpu: cpu)?.pages)
      }
      #expect(answer.decoder.timeSpan == decoder.timeSpan)
      if task == .comm("breaktrace"), threshold == nil { #expect(wanted.wakeups > 0) }
    }
  }

  @Test func `what is in memory, small or out of order is left to the other search`() throws {
    let question = StreamSearch.Question(task: nil, threshold: nil, limit: 1)
    var trace = try Self.trace()
    #expect(StreamSearch.run(question, trace) == nil)
    let cpu = try #require(trace.cpus.firstIndex { $0.range.count >= 2 * trace.pageSize })
    let bytes = trace.cpus[cpu].store.withBytes(in: trace.cpus[cpu].range) { span in
      span.withUnsafeBytes { Array($0) }
    }
    trace.cpus[cpu] = CPUPages(cpu: trace.cpus[cpu].cpu, store: ByteStore(bytes))
    #expect(StreamSearch.run(question, trace, least: 0) == nil)
    trace = try Self.trace()
    let swapped =
      Array(bytes[trace.pageSize..<2 * trace.pageSize]) + Array(bytes[..<trace.pageSize])
    let path = NSTemporaryDirectory() + "breaktrace-stream-\(getpid()).pages"
    try Data(swapped).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    trace.cpus = [CPUPages(cpu: 0, store: try MappedFile.open(path))]
    #expect(StreamSearch.run(question, trace, least: 0) == nil)
    try Data(bytes[..<(2 * trace.pageSize)]).write(to: URL(fileURLWithPath: path))
    trace.cpus = [CPUPages(cpu: 0, store: try MappedFile.open(path))]
    #expect(StreamSearch.run(question, trace, least: 0) != nil)
  }
}
