import Analysis
import Foundation
import RingBuffer
import Testing
import TraceFile
import TraceModel

@testable import Recorded

/// What the readers of recorded traces share: formats from elsewhere, several buffers.
struct TraceOpenerTests {
  private static func trace() throws -> RawTrace {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    return try #require(try TraceDatReader.read(path).mainBuffer).trace
  }

  private static func directory<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "breaktrace-opener-\(getpid())-\(UInt32.random(in: 0...(.max)))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
  }

  /// The rows and the number of switches.
  private static func replay(
    _ path: String, formats: String? = nil, instance: String? = nil
  ) throws -> (rows: [RunQueueWait], switches: UInt64, remarks: [String]) {
    let recording = try RunQueueRecording(path: path, formats: formats, instance: instance)
    nonisolated(unsafe) var rows: [RunQueueWait] = []
    let replay = recording.replay(
      filter: RunQueueFilter(threshold: .zero),
      observer: RunQueueObserver(waits: { rows += $0 }))
    return (rows, replay.switchCount, recording.remarks)
  }

  @Test func `raw pages take their formats from a directory or a trace.dat`() throws {
    let trace = try Self.trace()
    try Self.directory { directory in
      let pages = directory.appending(path: "pages")
      let formats = directory.appending(path: "formats")
      func write(_ text: String, _ path: String, in root: URL) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      for cpu in trace.cpus {
        let bytes = cpu.store.withBytes(in: cpu.range) { span in
          span.withUnsafeBytes { Data($0) }
        }
        try write("", "cpu\(cpu.cpu).raw", in: pages)
        try bytes.write(to: pages.appending(path: "cpu\(cpu.cpu).raw"))
      }
      try write(trace.headerPage, "header_page", in: formats)
      for (number, format) in trace.formats.enumerated() where format.system == "sched" {
        try write(format.text, "events/sched/event\(number)/format", in: formats)
      }
      let file = directory.appending(path: "trace.dat").path
      try TraceDatWriter(trace).write(path: file)
      let whole = try Self.replay(file)
      #expect(whole.rows.count > 100)
      #expect(throws: RecordedError.self) { try Self.replay(pages.path) }
      #expect(throws: RecordedError.self) { try Self.replay(pages.path, formats: "/missing") }
      let fromFile = try Self.replay(pages.path, formats: file)
      #expect(fromFile.rows == whole.rows)
      let fromFolder = try Self.replay(pages.path, formats: formats.path)
      #expect(fromFolder.switches == whole.switches)
      let verdict = try RecordedTrace(path: pages.path, formats: file)
      #expect(!verdict.hasNoEvents)
    }
  }

  @Test func `the buffer with switches is replayed, or the one that was named`() throws {
    let trace = try Self.trace()
    // The half of the CPUs' pages that one has more, so that the two differ.
    var part = trace
    for index in part.cpus.indices {
      let range = part.cpus[index].range
      part.cpus[index].range = range.lowerBound..<range.lowerBound + trace.pageSize * 2
    }
    var without = trace
    without.formats.removeAll { $0.system == "sched" }
    try Self.directory { directory in
      let both = directory.appending(path: "both.dat").path
      try TraceDatWriter([TraceDatBuffer(trace: trace), TraceDatBuffer(name: "part", trace: part)])
        .write(path: both)
      let top = try Self.replay(both)
      let named = try Self.replay(both, instance: "part")
      #expect(try Self.replay(both, instance: "").rows == top.rows)
      #expect(named.switches < top.switches && named.switches > 0)
      #expect(named.remarks == [])
      #expect(
        top.remarks == [
          "showing the waits of the top-level buffer, not of buffer \"part\" (select one with "
            + "--instance)"
        ])
      let error = #expect(throws: RecordedError.self) {
        try Self.replay(both, instance: "other")
      }
      #expect(
        error?.description
          == "cannot read \(both): contains no buffer \"other\" with events; it contains the top-level "
          + "buffer, buffer \"part\"")
      // Pages without a switch in the top buffer: empty of records.
      var empty = trace
      empty.cpus = [CPUPages(cpu: 0, store: ByteStore([UInt8](repeating: 0, count: 4_096)))]
      let second = directory.appending(path: "second.dat").path
      try TraceDatWriter([TraceDatBuffer(trace: empty), TraceDatBuffer(name: "part", trace: part)])
        .write(path: second)
      let chosen = try Self.replay(second)
      #expect(chosen.rows == named.rows)
      #expect(
        chosen.remarks == [
          "showing the waits of buffer \"part\", not of the top-level buffer (without sched_switch) "
            + "(select one with --instance)"
        ])
    }
  }

  @Test func `what is not in one file of its kind is refused with its reason`() throws {
    try Self.directory { directory in
      let empty = directory.appending(path: "empty").path
      _ = FileManager.default.createFile(atPath: empty, contents: Data())
      let fifo = directory.appending(path: "fifo").path
      #expect(mkfifo(fifo, 0o600) == 0)
      let bundle = directory.appending(path: "bundle")
      try FileManager.default.createDirectory(at: bundle, withIntermediateDirectories: true)
      #expect(mkfifo(bundle.path + "/SHA256SUMS", 0o600) == 0)
      let pages = directory.appending(path: "pages")
      try FileManager.default.createDirectory(at: pages, withIntermediateDirectories: true)
      #expect(mkfifo(pages.path + "/cpu0.raw", 0o600) == 0)
      _ = FileManager.default.createFile(
        atPath: pages.path + "/header_page", contents: Data(try Self.trace().headerPage.utf8))
      for (path, reason) in [
        (empty, "the file is empty"), (fifo, "it is a FIFO"), (directory.path, "neither a bundle"),
        (empty + "/x", "Not a directory"), (directory.path + "/none", "No such file"),
        (bundle.path, "it is a FIFO"), (pages.path, "it is a FIFO"),
      ] {
        let one = #expect(throws: RecordedError.self) { try RecordedTrace(path: path) }
        let other = #expect(throws: RecordedError.self) { try RunQueueRecording(path: path) }
        #expect(one?.description.contains(reason) == true, "\(one?.description ?? "")")
        #expect(one?.description == other?.description)
      }
    }
  }
}
