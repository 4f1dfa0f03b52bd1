import Glibc
import Report
import RingBuffer
import Recorded
import Session
import TraceFile
import TraceModel

/// The facts that a trace.dat of breaktrace carries as JSON, changed, in a file that is sound
/// otherwise.
enum FactsFile {
  private static let room = 16_384
  private static nonisolated(unsafe) var template: (bytes: [UInt8], place: Int)?

  static func check(_ bytes: [UInt8], _ fixture: Fixture) -> Int {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let facts = try? ReportFacts(json: text) else { return 0 }
    var size = (try? facts.line.utf8.count) ?? 0
    if template == nil { template = make(fixture) }
    guard let (file, place) = template, bytes.count <= room else { return size }
    var changed = file
    // A line end would end the facts.
    changed.replaceSubrange(place..<place + bytes.count, with: bytes.map { $0 < 32 ? 32 : $0 })
    guard let recorded = try? RecordedTrace(bytes: changed, name: "input") else { return size }
    var request = AnalyzeRequest()
    request.limit = 2
    for report in recorded.analyze(request, toolVersion: "fuzz").reports {
      size &+= report.text.utf8.count &+ ((try? report.json.utf8.count) ?? 0)
    }
    return size
  }

  /// A small file with blanks where the facts go.
  private static func make(_ fixture: Fixture) -> ([UInt8], Int)? {
    guard let read = try? TraceDatReader.read(ByteStore(fixture.spikes), path: "template"),
      let trace = read.mainBuffer?.trace, let file = NamelessFile()
    else { return nil }
    var writer = TraceDatWriter(trace)
    writer.producer = "x"
    writer.facts = String(repeating: " ", count: room)
    guard (try? writer.write(path: file.path)) != nil,
      let bytes = (try? MappedFile.open(file.path))?.withBytes({ span in
        span.withUnsafeBytes { Array($0) }
      })
    else { return nil }
    var run = 0
    for (index, byte) in bytes.enumerated() {
      run = byte == 32 ? run + 1 : 0
      if run == room { return (bytes, index + 1 - room) }
    }
    return nil
  }
}
