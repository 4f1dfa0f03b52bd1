import Captures
import Foundation
import RingBuffer
import Testing

@testable import TraceFile

struct RawDumpTests {
  private func make(_ files: [String: [UInt8]]) throws -> Scratch {
    let scratch = try Scratch()
    for (name, bytes) in files {
      let folder = (scratch.file(name) as NSString).deletingLastPathComponent
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try scratch.write(name, bytes)
    }
    return scratch
  }

  private let header = Array(SyntheticDat.headerPage.utf8)

  @Test(arguments: [
    ["cpu0.raw", "cpu11.raw"],
    ["per_cpu/cpu0/trace_pipe_raw", "per_cpu/cpu11/trace_pipe_raw"],
    ["cpu0/trace_pipe_raw", "cpu11/trace_pipe_raw"],
  ]) func `pages are found under each usual name`(names: [String]) throws {
    let scratch = try make([
      names[0]: [UInt8](repeating: 1, count: 128), names[1]: [UInt8](repeating: 2, count: 100),
      "events/header_page": header, "saved_cmdlines": Array("7 a b\n".utf8),
      "trace_clock": Array("local [mono] boot\n".utf8),
      "events/sched/sched_switch/format": Array("name: sched_switch\n".utf8),
    ])
    #expect(try TraceFormat.detect(scratch.path) == .rawPages)
    let result = try RawDumpReader.read(scratch.path)
    #expect(result.trace.pageSize == 64)
    #expect(result.trace.clock == "mono")
    #expect(result.trace.comms == [7: "a b"])
    #expect(
      result.trace.formats == [FormatText(system: "sched", text: "name: sched_switch\n")])
    #expect(result.trace.cpus.map(\.cpu) == [0, 11])
    #expect(result.trace.cpus.map(\.range.count) == [128, 64])
    #expect(result.problems.map(\.offset) == [64])
  }

  @Test func `what is missing is told`() throws {
    let bare = try make(["cpu0.raw": [1, 2]])
    let error = #expect(throws: TraceFileError.self) { try RawDumpReader.read(bare.path) }
    #expect(error?.hint.contains("header_page") == true)
    let noFormats = try make(["cpu0.raw": [], "header_page": header])
    let result = try RawDumpReader.read(noFormats.path)
    #expect(result.problems.map(\.text) == ["there are no event formats"])
    let empty = try make(["x": []])
    #expect(throws: TraceFileError.self) { try RawDumpReader.read(empty.path) }
  }

  @Test func `a captured dump has the pages of its trace`() throws {
    let scratch = try Scratch()
    let folder = "captures/rt612-up-icount"
    try Captures.unpack(folder + "/break-irqoff-raw.raw", into: scratch.path)
    for format in try Captures.formats(folder) {
      let name = try #require(format.text.split(separator: "\n").first).dropFirst(6)
      let event = scratch.file("formats/events/\(format.system)/\(name)")
      try FileManager.default.createDirectory(atPath: event, withIntermediateDirectories: true)
      try Data(format.text.utf8).write(to: URL(fileURLWithPath: event + "/format"))
    }
    let result = try RawDumpReader.read(scratch.path, formatsAt: scratch.file("formats"))
    #expect(result.problems == [])
    #expect(result.trace.pageSize == 4_096)
    #expect(result.trace.longSize == 8)
    #expect(result.trace.cpus.map(\.range.count) == [200_704])
    #expect(result.trace.formats.count > 1_000)
    #expect(result.trace.comms.count > 3)
  }

  @Test func `every prefix and every changed byte of a dump's texts is read or refused`() throws {
    let comms = Array("7 a b\n21 <...>\n".utf8)
    let clock = Array("local [mono] boot\n".utf8)
    let scratch = try make([
      "cpu0.raw": [UInt8](repeating: 1, count: 200), "header_page": header,
      "saved_cmdlines": comms, "trace_clock": clock,
    ])
    var read = 0
    var refused = 0
    for (name, bytes) in [
      ("header_page", header), ("saved_cmdlines", comms), ("trace_clock", clock),
    ] {
      func attempt(_ changed: [UInt8]) throws {
        _ = try scratch.write(name, changed)
        guard let result = try? RawDumpReader.read(scratch.path) else {
          refused += 1
          return
        }
        read += 1
        #expect(result.trace.pageSize > 0)
        #expect(
          result.trace.cpus.allSatisfy { $0.range.count.isMultiple(of: result.trace.pageSize) })
        _ = try? TraceDecoder(trace: result.trace).timeline()
      }
      for index in bytes.indices {
        try attempt(Array(bytes[..<index]))
        for change in [0x01, 0x08, 0xff] as [UInt8] {
          var changed = bytes
          changed[index] ^= change
          try attempt(changed)
        }
      }
      _ = try scratch.write(name, bytes)
    }
    #expect(read > 500 && refused == 0)
  }
}
