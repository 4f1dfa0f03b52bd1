import Captures
import Foundation
import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Agreement with trace-cmd, the program that defines the format.
@Suite(.enabled(if: TraceCmd.isThere, "needs trace-cmd"))
struct TraceCmdTests {
  /// What a comparison of two files of the same trace looks at.
  private func summary(_ file: TraceDatFile) -> [String] {
    file.buffers.flatMap { buffer in
      let trace = buffer.trace
      return [
        "\(buffer.name) \(trace.pageSize) \(trace.clock) \(trace.formats.count) "
          + "\(trace.comms.count) \(SHA256.hex(Array(trace.symbols.utf8)))"
      ] + trace.cpus.filter { !$0.range.isEmpty }.map { "\($0.cpu) \($0.range.count) \($0.sum)" }
    }
  }

  @Test(
    arguments: Captures.all([".dat"]))
  func `a capture survives every version and compression`(path: String) throws {
    let scratch = try Scratch()
    let original = Captures.path(path)
    let file = try TraceDatReader.read(original)
    #expect(file.problems == [])
    #expect(file.version == 7)
    let wanted = summary(file)
    #expect(wanted.count > 1)
    var writer = TraceDatWriter(file.buffers)
    writer.cpuStatistics = file.cpuStatistics
    writer.uname = file.uname
    writer.producer = file.producer
    writer.traceID = file.traceID
    writer.facts = "{\"kept\":true}"
    let own = scratch.file("own.dat")
    try writer.write(path: own)
    #expect(summary(try TraceDatReader.read(own)) == wanted)
    for options in [["7", "none"], ["7", "zstd"], ["6", "none"]] {
      let made = scratch.file("made.dat")
      let result = try run([
        "trace-cmd", "convert", "-i", own, "-o", made, "--file-version", options[0],
        "--compression", options[1],
      ])
      try #require(result.status == 0, "\(options): \(result.errors)")
      let copy = try TraceDatReader.read(made)
      #expect(copy.problems == [], "\(options)")
      #expect(copy.version == Int(options[0]))
      #expect(summary(copy) == wanted, "\(options)")
      #expect(copy.facts == writer.facts, "\(options)")
      #expect(copy.uname == file.uname)
    }
    let before = try run(["trace-cmd", "report", "-i", original])
    let after = try run(["trace-cmd", "report", "-i", own])
    #expect(before.output == after.output)
    #expect(after.errors == "")
    #expect(after.output.split(separator: "\n").count > 100)
  }

  @Test func `a damaged zstd file never traps`() throws {
    let bytes = try Captures.bytes("captures/rt612-up-icount/break-rthog.dat")
    #expect(bytes.count > 20_000)
    var tried = 0
    for place in stride(from: 0, to: bytes.count, by: 307) {
      var copy = bytes
      copy[place] ^= 0x5a
      let flipped = try? TraceDatReader.read(ByteStore(copy), path: "x")
      let cut = try? TraceDatReader.read(ByteStore(Array(bytes[..<place])), path: "x")
      if flipped != nil { tried += 1 }
      if let cut { #expect(!cut.problems.isEmpty) }
    }
    #expect(tried > 50)
  }

  @Test func `a file of a 32-bit kernel is understood by trace-cmd`() throws {
    let scratch = try Scratch()
    let trace = SyntheticDat.trace(longSize: 4)
    let path = scratch.file("long4.dat")
    try TraceDatWriter(trace).write(path: path)
    let copy = try TraceDatReader.read(path)
    #expect(copy.problems == [])
    #expect(copy.version == 6)
    #expect(copy.mainBuffer?.trace.longSize == 4)
    #expect(copy.mainBuffer?.trace.formats.count == trace.formats.count)
    let dump = try run(["trace-cmd", "dump", "-i", path, "--all"])
    #expect(dump.status == 0, "\(dump.errors)")
    #expect(dump.errors == "")
    for part in ["4\t[Bytes in a long]", "64\t[Page size", "sched_waking"] {
      #expect(dump.output.contains(part), "\(part) in \(dump.output.suffix(1500))")
    }
  }

  @Test func `named buffers and big-endian files are understood by trace-cmd`() throws {
    let scratch = try Scratch()
    let trace = SyntheticDat.trace(order: .big)
    var writer = TraceDatWriter([
      TraceDatBuffer(trace: trace), TraceDatBuffer(name: "second", trace: trace),
    ])
    writer.uname = "Linux big"
    writer.producer = "breaktrace 1"
    writer.facts = "{\"hidden\": 1}"
    let path = scratch.file("big.dat")
    try writer.write(path: path)
    let dump = try run(["trace-cmd", "dump", "-i", path, "--all"])
    #expect(dump.status == 0, "\(dump.errors)")
    #expect(dump.errors == "")
    for part in [
      "[Big endian]", "64\t[Page size", "Linux big", "breaktrace 1", "[mono]", "\"second\"",
      "sched_waking",
    ] {
      #expect(dump.output.contains(part), "\(part) in \(dump.output.suffix(1500))")
    }
  }
}
