import Foundation
import RingBuffer
import Testing
import TraceFile
import TraceModel

@testable import Recorded

/// A search while the file is read finds what a search of the mapped file finds.
struct StreamSearchTests {
  /// The fixture as an uncompressed file, mapped.
  private static func trace() throws -> RawTrace {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    let packed = try #require(try TraceDatReader.read(path).mainBuffer).trace
    let target =
      NSTemporaryDirectory() + "breaktrace-stream-\(getpid())-\(UInt32.random(in: 0...(.max))).dat"
    defer { unlink(target) }
    try TraceDatWriter(packed).write(path: target)
    return try #require(try TraceDatReader.read(target).mainBuffer).trace
  }

  @Test(arguments: [1, 3, 2_048], [nil, TaskSelector.comm("breaktrace/0"), .comm("no such task")])
  func `the same wake-ups and the same index are found`(
    roundPages: Int, task: TaskSelector?
  ) throws {
    let trace = try Self.trace()
    let decoder = try TraceDecoder(trace: trace)
    for threshold in [nil, Nanoseconds(5_000), Nanoseconds(50_000)] {
      let question = StreamSearch.Question(task: task, threshold: threshold, limit: 7)
      guard
        let answer = StreamSearch.run(question, trace, least: 0, roundPages: roundPages)
      else {
        Issue.record("the file was not read")
        continue
      }
      let wanted = PageSearch(decoder, task: task).run(threshold: threshold, limit: 7)
      let isSame = answer.search == wanted
      #expect(isSame)
      #expect(answer.search.records > 1_000)
      #expect(answer.decoder.cpus == decoder.cpus)
      for cpu in decoder.cpus {
        #expect(answer.decoder.pageIndex(cpu: cpu)?.pages == decoder.pageIndex(cpu: cpu)?.pages)
      }
      #expect(answer.decoder.timeSpan == decoder.timeSpan)
      if task == .comm("breaktrace/0"), threshold == nil { #expect(wanted.wakeups > 0) }
    }
  }

  @Test func `what is in memory, small or out of order is left to the other search`() throws {
    let question = StreamSearch.Question(task: nil, threshold: nil, limit: 1)
    var trace = try Self.trace()
    var isFound = StreamSearch.run(question, trace) != nil
    #expect(!isFound)
    let cpu = try #require(trace.cpus.firstIndex { $0.range.count >= 2 * trace.pageSize })
    let bytes = trace.cpus[cpu].store.withBytes(in: trace.cpus[cpu].range) { span in
      span.withUnsafeBytes { Array($0) }
    }
    trace.cpus[cpu] = CPUPages(cpu: trace.cpus[cpu].cpu, store: ByteStore(bytes))
    isFound = StreamSearch.run(question, trace, least: 0) != nil
    #expect(!isFound)
    trace = try Self.trace()
    let swapped =
      Array(bytes[trace.pageSize..<2 * trace.pageSize]) + Array(bytes[..<trace.pageSize])
    let path = NSTemporaryDirectory() + "breaktrace-stream-\(getpid()).pages"
    try Data(swapped).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    trace.cpus = [CPUPages(cpu: 0, store: try MappedFile.open(path))]
    isFound = StreamSearch.run(question, trace, least: 0) != nil
    #expect(!isFound)
    try Data(bytes[..<(2 * trace.pageSize)]).write(to: URL(fileURLWithPath: path))
    trace.cpus = [CPUPages(cpu: 0, store: try MappedFile.open(path))]
    isFound = StreamSearch.run(question, trace, least: 0) != nil
    #expect(isFound)
  }

  /// A CPU's last pages in a store that can be read, as a mapped file's can.
  private static func pages(_ bytes: [UInt8]) -> ByteStore {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
    copy.copyBytes(from: bytes)
    return ByteStore(
      unsafeBase: UnsafeRawPointer(copy.baseAddress.unsafelyUnwrapped), count: bytes.count,
      reading: { buffer, offset in
        guard offset + buffer.count <= bytes.count else { return false }
        buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
        return true
      }, release: { pointer, _ in pointer.deallocate() })
  }

  @Test
  func
    `cut and changed pages are searched or refused, with the index of a reading without a question`()
    throws
  {
    var trace = try Self.trace()
    let cpu = try #require(trace.cpus.firstIndex { $0.range.count >= 2 * trace.pageSize })
    let range = trace.cpus[cpu].range.suffix(2 * trace.pageSize)
    let bytes = trace.cpus[cpu].store.withBytes(in: range.startIndex..<range.endIndex) { span in
      span.withUnsafeBytes { Array($0) }
    }
    trace.formats = UsedFormats.searched(in: trace.formats)
    trace.symbols = ""
    let question = StreamSearch.Question(task: .comm("breaktrace/0"), threshold: nil, limit: 2)
    var answers = 0
    var refused = 0
    func search(_ changed: [UInt8]) throws {
      trace.cpus = [CPUPages(cpu: 0, store: Self.pages(changed))]
      guard let answer = StreamSearch.run(question, trace, least: 0, roundPages: 1) else {
        refused += 1
        return
      }
      answers += 1
      let decoder = try TraceDecoder(trace: trace)
      #expect(answer.decoder.pageIndex(cpu: 0)?.pages == decoder.pageIndex(cpu: 0)?.pages)
    }
    for index in stride(from: 0, to: bytes.count, by: 5) {
      try search(Array(bytes[..<index]))
      var changed = bytes
      changed[index] ^= index.isMultiple(of: 2) ? 0xff : 0x08
      try search(changed)
    }
    // A stamp or a length of a page's head.
    for index in [0, 3, 7, 8, 9, 4_096, 4_103, 4_104, 4_105] {
      var changed = bytes
      changed[index] ^= 0x80
      try search(changed)
    }
    #expect(answers > 1_000 && refused > 0)
  }
}
