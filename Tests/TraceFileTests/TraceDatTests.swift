import Foundation
import RingBuffer
import SystemPackage
import Testing
import TraceModel

@testable import TraceFile

struct TraceDatTests {
  @Test(arguments: [ByteOrder.little, .big], [4, 8])
  func `what is written is read back`(order: ByteOrder, longSize: Int) throws {
    let scratch = try Scratch()
    let trace = SyntheticDat.trace(order: order, longSize: longSize)
    var other = trace
    other.cpus = [CPUPages(cpu: 1, store: ByteStore([UInt8](repeating: 7, count: 192)))]
    other.comms = [9: "nine"]
    var writer = TraceDatWriter([
      TraceDatBuffer(trace: trace), TraceDatBuffer(name: "second", trace: other),
    ])
    writer.uname = "Linux test 6.18"
    writer.producer = "breaktrace 1"
    writer.cpuStatistics = ["CPU: 0\nentries: 12\n", "CPU: 3\nentries: 1\n"]
    writer.traceID = 0x0123_4567_89ab_cdef
    writer.timeOffset = Nanoseconds(-42)
    writer.facts = "{\"schema\": 1}"
    let path = scratch.file("x.dat")
    try writer.write(path: path)
    let file = try TraceDatReader.read(path)
    #expect(file.problems == [])
    #expect(file.version == 6)
    #expect(file.uname == writer.uname)
    #expect(file.producer == writer.producer)
    #expect(file.facts == writer.facts)
    #expect(file.traceID == writer.traceID)
    #expect(file.timeOffset == writer.timeOffset)
    #expect(
      file.cpuStatistics
        == writer.cpuStatistics)
    #expect(file.cpuCount == 4)
    #expect(file.buffers.map(\.name) == ["", "second"])
    let read = try #require(file.buffers.first?.trace)
    #expect(read.byteOrder == order)
    #expect(read.longSize == longSize)
    #expect(read.pageSize == 64)
    #expect(read.headerPage == trace.headerPage)
    #expect(read.headerEvent == trace.headerEvent)
    #expect(Set(read.formats) == Set(trace.formats))
    #expect(read.comms == trace.comms.merging([9: "nine"]) { $1 })
    #expect(read.symbols == trace.symbols)
    #expect(read.printkFormats == trace.printkFormats)
    #expect(read.clock == "mono")
    #expect(read.cpus.map(\.cpu) == [0, 1, 2, 3])
    #expect(read.cpus.map(\.copy) == [trace.cpus[0].copy, [], [], trace.cpus[1].copy])
    #expect(read.cpus.allSatisfy { $0.range.lowerBound % 64 == 0 })
    #expect(file.buffers[1].trace.cpus.map(\.copy) == [[], other.cpus[0].copy, [], []])
  }

  @Test(arguments: [ByteOrder.little, .big], ["none", "zlib"])
  func `sections are found through the options`(order: ByteOrder, compression: String) throws {
    for hasPageSize in [true, false] {
      var dat = SyntheticDat(order: order, compression: compression)
      dat.hasPageSizeInOption = hasPageSize
      let file = try TraceDatReader.read(ByteStore(dat.version7()), path: "x")
      #expect(file.problems == [])
      #expect(file.version == 7)
      #expect(file.compression == compression)
      #expect(file.uname == "Linux test")
      #expect(file.producer == "2.0 hand")
      #expect(file.facts == nil)
      #expect(file.traceID == 0x1234_5678)
      #expect(file.cpuCount == 4)
      #expect(file.timeOffset == Nanoseconds(1_000))
      #expect(file.cpuStatistics == ["CPU: 0\nentries: 1\n"])
      let trace = try #require(file.mainBuffer?.trace)
      #expect(trace.clock == "mono")
      #expect(trace.headerPage == SyntheticDat.headerPage)
      #expect(trace.headerEvent == "# entry\n")
      #expect(trace.formats.map(\.system) == ["ftrace", "sched"])
      #expect(trace.comms == [1: "init", 77: "a b:c-d"])
      #expect(trace.symbols == "ffffffff81000000 T _text\n")
      #expect(trace.cpus.map(\.cpu) == [0, 3])
      #expect(trace.cpus.map(\.copy) == dat.cpus.map(\.data))
    }
  }

  static let small: [(name: String, bytes: [UInt8])] = {
    var list: [(String, [UInt8])] = []
    for order in [ByteOrder.little, .big] {
      for compression in ["none", "zlib"] {
        list.append(
          (
            "7 \(order) \(compression)",
            SyntheticDat(order: order, compression: compression).version7()
          ))
      }
      if let scratch = try? Scratch() {
        let trace = SyntheticDat.trace(order: order)
        var writer = TraceDatWriter([
          TraceDatBuffer(trace: trace), TraceDatBuffer(name: "two", trace: trace),
        ])
        writer.facts = "{}"
        writer.cpuStatistics = ["CPU: 0\n"]
        if (try? writer.write(path: scratch.file("x"))) != nil,
          let bytes = try? bytes(scratch.file("x"))
        {
          list.append(("6 \(order)", bytes))
        }
      }
    }
    return list
  }()

  @Test(arguments: 0..<6)
  func `a cut file is read as far as it goes`(index: Int) throws {
    let (name, bytes) = Self.small[index]
    var read = 0
    for count in 0..<bytes.count {
      guard
        let file = try? TraceDatReader.read(ByteStore(Array(bytes[..<count])), path: name)
      else { continue }
      read += 1
      let whole = file.buffers.reduce(0) { $0 + $1.trace.cpus.reduce(0) { $0 + $1.range.count } }
      #expect(!file.problems.isEmpty, "\(name): nothing was missing of \(count) bytes, \(whole)")
    }
    #expect(read > bytes.count / 2)
  }

  @Test(arguments: 0..<6)
  func `a damaged byte never traps`(index: Int) throws {
    let (name, bytes) = Self.small[index]
    var kept = 0
    for place in bytes.indices {
      for change: UInt8 in [0x01, 0x80, 0xff, 0x10, 0x7f] {
        var copy = bytes
        copy[place] ^= change
        if let file = try? TraceDatReader.read(ByteStore(copy), path: name) {
          kept += file.buffers.reduce(0) { $0 + $1.trace.cpus.count }
          for buffer in file.buffers {
            for pages in buffer.trace.cpus {
              #expect(pages.range.upperBound <= pages.store.count)
              #expect(pages.range.count % buffer.trace.pageSize == 0)
            }
          }
        }
      }
    }
    #expect(kept > bytes.count)
  }

  @Test func `options that point back to themselves end`() throws {
    var bytes = SyntheticDat().version7()
    let file = try TraceDatReader.read(ByteStore(bytes), path: "x")
    #expect(file.problems.isEmpty)
    // The last eight bytes are the offset of the next options; the pointer to the first ones
    // comes after the compression's name and version.
    bytes.replaceSubrange(bytes.count - 8..<bytes.count, with: bytes[27..<35])
    let again = try TraceDatReader.read(ByteStore(bytes), path: "x")
    #expect(again.problems.contains { $0.text.contains("point back") }, "\(again.problems)")
  }

  @Test func `a file that holds a latency tracer's text gives the text`() throws {
    let bytes = try #require(Self.small.first { $0.name == "6 little" }).bytes
    let mark = Array("flyrecord\0".utf8)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: mark) })
    let text = "# tracer: irqsoff\nsh-1  0d....  5us : a <-b\n"
    let file = try TraceDatReader.read(
      ByteStore(Array(bytes[..<place]) + Array("latency  \0\(text)".utf8)), path: "x")
    #expect(file.latencyText == text)
    #expect(file.cpuStatistics == ["CPU: 0\n"])
    #expect(file.buffers.isEmpty)
  }

  @Test func `an unknown compression is named and the rest of the file read`() throws {
    var bytes = SyntheticDat(compression: "zlib").version7()
    let at = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("zlib\0".utf8)) })
    bytes.replaceSubrange(at..<at + 4, with: Array("lz77".utf8))
    let file = try TraceDatReader.read(ByteStore(bytes), path: "x")
    #expect(file.uname == "Linux test")
    #expect(file.problems.contains { $0.text.contains("unknown compression \"lz77\"") })
  }

  @Test func `what is no trace.dat is refused with its offset and a hint`() throws {
    for (bytes, offset) in [
      (Array("hello".utf8), UInt64(0)), ([0x17, 0x08, 0x44] + Array("tracing9\0".utf8), 10),
      ([0x17, 0x08, 0x44] + Array("tracing6\0".utf8) + [2], 13),
    ] {
      let error = #expect(throws: TraceFileError.self) {
        try TraceDatReader.read(ByteStore(bytes), path: "some/file")
      }
      #expect(error?.offset == offset)
      #expect(error?.description.contains("some/file") == true)
      #expect(error?.hint.isEmpty == false)
    }
    let missing = #expect(throws: TraceFileError.self) { try TraceDatReader.read("/no/such.dat") }
    #expect(missing?.errno == .noSuchFileOrDirectory)
    #expect(
      missing?.description == "cannot open /no/such.dat: No such file or directory; check the path")
  }

  @Test func `buffers that do not fit together are refused`() throws {
    let trace = SyntheticDat.trace()
    var other = trace
    other.pageSize = 128
    let scratch = try Scratch()
    let same = TraceDatWriter([TraceDatBuffer(trace: trace), TraceDatBuffer(trace: trace)])
    #expect(throws: TraceFileError.self) { try same.write(path: scratch.file("a")) }
    let sizes = TraceDatWriter([
      TraceDatBuffer(trace: trace), TraceDatBuffer(name: "b", trace: other),
    ])
    #expect(throws: TraceFileError.self) { try sizes.write(path: scratch.file("a")) }
    var lines = TraceDatWriter(trace)
    lines.facts = "two\nlines"
    #expect(throws: TraceFileError.self) { try lines.write(path: scratch.file("a")) }
  }

  @Test func `a full device is told`() throws {
    let error = #expect(throws: TraceFileError.self) {
      try TraceDatWriter(SyntheticDat.trace()).write(path: "/dev/full")
    }
    #expect(error?.errno == .noSpace)
    #expect(error?.hint.contains("--output") == true)
  }

  @Test func `a writer writes to a pipe`() throws {
    let scratch = try Scratch()
    let writer = TraceDatWriter(SyntheticDat.trace())
    try writer.write(path: scratch.file("x"))
    let wanted = try bytes(scratch.file("x"))
    let (readEnd, writeEnd) = try FileDescriptor.pipe()
    try writer.write(to: writeEnd, path: "pipe")
    try writeEnd.close()
    var got = [UInt8](repeating: 0, count: wanted.count + 1)
    let count = try got.withUnsafeMutableBytes { try readEnd.read(into: $0) }
    try readEnd.close()
    #expect(Array(got[..<count]) == wanted)
  }

  @Test func `cycles become nanoseconds without overflow`() {
    let conversion = CycleConversion(multiplier: 0x8000_0000, shift: 32, offset: 5)
    #expect(conversion.nanoseconds(1 << 62) == 1 << 61 + 5)
    #expect(CycleConversion(multiplier: 3, shift: 0, offset: 0).nanoseconds(7) == 21)
  }

  @Test func `a file's offset is added to every stamp`() throws {
    var file = try TraceDatReader.read(ByteStore(SyntheticDat().version7()), path: "x")
    let event = TraceEvent(
      time: Nanoseconds(10), cpu: 0, pid: 1, context: EventContext(flags: 0, preemptCount: 0),
      payload: .marker("x"))
    let timeline = Timeline(
      cpus: [
        CPUTimeline(
          cpu: 0, events: [event],
          gaps: [
            TimelineGap(
              span: TimeSpan(Nanoseconds(1), Nanoseconds(2)), cause: .lostEvents(count: nil))
          ])
      ], clock: "mono")
    let moved = file.corrected(timeline)
    #expect(moved.cpus[0].events[0].time == Nanoseconds(1_010))
    #expect(moved.cpus[0].oldest == Nanoseconds(1_010))
    #expect(moved.cpus[0].gaps[0].span == TimeSpan(Nanoseconds(1_001), Nanoseconds(1_002)))
    file.cycles = CycleConversion(multiplier: 2, shift: 0, offset: 0)
    var cycles = timeline
    cycles.clock = "x86-tsc"
    #expect(file.corrected(cycles).cpus[0].events[0].time == Nanoseconds(1_020))
  }
}
