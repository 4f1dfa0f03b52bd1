import RingBuffer
import Testing

@testable import TraceFile

struct TraceFormatTests {
  @Test(arguments: [
    ("# tracer: nop\n#\n", TraceFormat.text), ("   sh-1 [000] d..2. 1.0: x: y\n", .text),
    ("<!DOCTYPE html>\n<html>", .html), ("\n <HTML>", .html), ("cpus=8\n", .text),
  ]) func `text is told from its beginning`(text: String, format: TraceFormat) throws {
    #expect(try TraceFormat.detect(ByteStore(Array(text.utf8)), path: "x") == format)
  }

  @Test func `trace.dat is told with its version`() throws {
    for (name, bytes) in TraceDatTests.small {
      let version = name.hasPrefix("6") ? 6 : 7
      #expect(
        try TraceFormat.detect(ByteStore(bytes), path: "x") == .traceDat(version: version))
    }
  }

  @Test(
    arguments: [
      (Array("PERFILE2....".utf8), "perf.data"), ([0x1f, 0x8b, 8, 0], "gzip"),
      ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0], "xz"), ([0xd4, 0xc3, 0xb2, 0xa1, 2], "pcap"),
      ([0x28, 0xb5, 0x2f, 0xfd, 1], "zstd"), ([], "empty"), ([1, 2, 3, 4, 5], "binary"),
      (Array("{\"a\": 1}".utf8), "JSON"),
    ] as [([UInt8], String)]) func `what is not read is named`(bytes: [UInt8], name: String)
  {
    let error = #expect(throws: TraceFileError.self) {
      try TraceFormat.detect(ByteStore(bytes), path: "some/file")
    }
    #expect(error?.description.contains(name) == true)
    #expect(error?.hint.isEmpty == false)
  }

  @Test func `a directory without checksums is no bundle`() throws {
    let scratch = try Scratch()
    let error = #expect(throws: TraceFileError.self) { try TraceFormat.detect(scratch.path) }
    #expect(error?.hint.contains("SHA256SUMS") == true)
  }
}
