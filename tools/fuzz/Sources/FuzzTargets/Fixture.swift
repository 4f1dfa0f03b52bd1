import FoundationEssentials
import Glibc
import RingBuffer
import TraceFile

/// What is mutated: the recorded fixture of the tests, the files of `corpus/`, and more from a
/// directory.
public struct Fixture: Sendable {
  /// Header, formats and symbols of the recorded kernel, without pages.
  public var trace: RawTrace
  /// Decoder of the above.
  public var decoder: TraceDecoder
  /// Recorded pages.
  public var pages: [[UInt8]]
  /// Whole trace.dat files.
  public var dats: [[UInt8]]
  /// ftrace texts.
  public var texts: [[UInt8]]
  /// Inputs of `FileReader`: the parser's name, a line end, the file.
  public var files: [[UInt8]]
  /// Inputs of a search while reading: pages with a head of `StreamInput.headSize` bytes, and
  /// trace.dat files.
  public var streams: [[UInt8]]
  /// A trace.dat with the markers of breaktrace.
  var spikes: [UInt8]
  /// The least that has all roads in it, for the exhaustive run: one small trace.dat.
  public var smallDat: [UInt8]

  /// A stamp in the recorded pages, in nanoseconds.
  public var middle: Int64 {
    let page = pages[min(1, pages.count - 1)]
    return page.prefix(8).enumerated().reduce(0) { $0 | Int64($1.element) << Int64($1.offset * 8) }
  }

  struct Missing: Error { var path: String }

  /// Reads the fixtures; `corpus` is a directory with more seeds: `*.bin` are pages, `*.dat`
  /// trace.dat files, `*.txt`, `*.trace` and `*.html` texts.
  public init(corpus: String?) throws {
    let here = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    let root = here.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
    let live = root + "/Tests/RingBufferTests/Fixtures/live"
    func text(_ name: String) throws -> String {
      String(decoding: try Self.bytes(live + "/" + name), as: UTF8.self)
    }
    var formats: [FormatText] = []
    for line in try text("formats.txt").split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# ") {
        formats.append(FormatText(system: String(line.dropFirst(2)), text: ""))
      } else if !formats.isEmpty {
        formats[formats.count - 1].text += line + "\n"
      }
    }
    trace = RawTrace(
      headerPage: try text("header_page"), formats: formats, symbols: try text("kallsyms"),
      clock: "mono", cpus: [])
    decoder = try TraceDecoder(trace: trace)
    pages = []
    for name in ["cpu0.raw", "cpu1.raw"] {
      let all = try Self.bytes(live + "/" + name)
      for start in stride(from: 0, to: all.count, by: 4096) {
        pages.append(Array(all[start..<min(start + 4096, all.count)]))
      }
    }
    dats = []
    texts = []
    files = []
    streams = []
    smallDat = []
    spikes = []
    try take(here + "/corpus/dat")
    try take(here + "/corpus/text")
    dats.append(try ownFile())
    spikes = try Self.spikes(root + "/Tests/RecordedTests/Fixtures/thousand-spikes.dat")
    dats.append(spikes)
    smallDat = try smallFile()
    if let corpus { try take(corpus) }
    try takeFiles(here + "/corpus/files")
    try takeFacts(root + "/Tests/RecordedTests/Fixtures/lab")
    takeStreams()
  }

  /// The files that parsers read, `PARSER.anything`.
  private mutating func takeFiles(_ directory: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
      guard let parser = name.split(separator: ".").first else { continue }
      files.append(Array((parser + "\n").utf8) + (try Self.bytes(directory + "/" + name)))
    }
  }

  /// What recorded spikes carry of their machine: with a tracer's section, and without.
  private mutating func takeFacts(_ directory: String) throws {
    for name in ["tracer-rt-irqs_off-irqsoff", "debian-rt-throttle_rt"] {
      let path = "\(directory)/\(name).dat.zst"
      guard let store = try PackedFile.open(path),
        let facts = try TraceDatReader.read(store, path: path).facts
      else { throw Missing(path: path) }
      files.append(Array("facts\n\(facts)".utf8))
    }
  }

  private mutating func takeStreams() {
    for question in 0..<StreamInput.questions {
      for (number, first) in [0, 6].enumerated() {
        let some = pages.indices.contains(first + 2) ? pages[first..<first + 3] : pages[..<1]
        streams.append(StreamInput.seed(question: question, split: number, Array(some.joined())))
      }
    }
    streams += dats
  }

  /// A trace.dat of a few KiB: one short page, the three formats that a wake-up needs and the
  /// marker's.
  private func smallFile() throws -> [UInt8] {
    var small = trace
    small.formats = ["print", "sched_switch", "sched_waking", "hrtimer_expire_entry"].compactMap {
      name in trace.formats.first { $0.text.hasPrefix("name: \(name)\n") }
    }
    small.comms = [1: "init"]
    small.symbols = ""
    small.printkFormats = ""
    small.cpus = [CPUPages(cpu: 0, store: ByteStore(pages[0]))]
    return try Self.file(small)
  }

  /// A small trace.dat of version 6: two pages a CPU, the formats that an analysis looks at.
  private func ownFile() throws -> [UInt8] {
    let names = [
      "print", "kernel_stack", "sched_switch", "sched_waking", "sched_wakeup", "hrtimer_start",
      "hrtimer_expire_entry", "irq_handler_entry", "softirq_entry",
    ]
    var small = trace
    small.formats = trace.formats.filter { format in
      names.contains { format.text.hasPrefix("name: \($0)\n") }
    }
    small.comms = [1: "init", 77: "a b:c"]
    small.printkFormats = "0xffffffff82000000 : \"x %d\\n\"\n"
    small.cpus = [(0, 0), (1, 6)].map { cpu, first in
      CPUPages(cpu: cpu, store: ByteStore(pages[first] + pages[first + 1]))
    }
    return try Self.file(small)
  }

  /// The last pages of recorded spikes, with their markers.
  private static func spikes(_ path: String) throws -> [UInt8] {
    guard var small = try TraceDatReader.read(path).mainBuffer?.trace else {
      throw Missing(path: path)
    }
    small.symbols = ""
    small.formats.removeAll { format in
      format.system != "sched" && format.system != "timer"
        && !format.text.hasPrefix("name: print\n")
    }
    for index in small.cpus.indices {
      let range = small.cpus[index].range
      small.cpus[index].range =
        max(range.lowerBound, range.upperBound - 2 * small.pageSize)..<range.upperBound
    }
    return try file(small)
  }

  private static func file(_ trace: RawTrace) throws -> [UInt8] {
    let path = "/tmp/breaktrace-fuzz-\(getpid()).dat"
    defer { unlink(path) }
    try TraceDatWriter(trace).write(path: path)
    return try bytes(path)
  }

  private mutating func take(_ directory: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
      let path = directory + "/" + name
      switch name.split(separator: ".").last {
      case "bin": pages.append(try Self.bytes(path))
      case "dat": dats.append(try Self.bytes(path))
      case "txt", "trace", "html": texts.append(try Self.bytes(path))
      default: break
      }
    }
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else { throw Missing(path: path) }
    return [UInt8](data)
  }
}
