internal import RingBuffer
internal import SystemPackage
internal import TraceFile

/// Opens recorded traces: the one way from a path to buffers of pages and sections of text, for
/// every command.
///
/// Bundles, trace.dat, ftrace text, directories of raw pages, and `-` for standard input. What is
/// packed with gzip or zstd is unpacked first.
public enum TraceOpener {
  /// The path that means standard input; a file of that name is `./-`.
  static let standardInput = "-"

  /// What messages call the trace at a path.
  public static func name(_ path: String) -> String {
    path == standardInput ? StandardInput.name : path
  }

  /// Opens what `path` names.
  ///
  /// `formats` is a directory or trace.dat with the event formats of raw pages that lack them.
  static func open(_ path: String, formats: String? = nil) throws(RecordedError) -> OpenedTrace {
    do throws(TraceFileError) {
      if path == standardInput { return try file(try StandardInput.read(), name(path)) }
      guard let store = try regular(path) else { return try directory(path, formats) }
      return try file(store, path)
    } catch {
      throw RecordedError(error)
    }
  }

  /// Opens a trace whose bytes are there already; `name` is for the errors.
  static func open(_ store: ByteStore, name: String) throws(RecordedError) -> OpenedTrace {
    do throws(TraceFileError) {
      return try file(store, name)
    } catch {
      throw RecordedError(error)
    }
  }

  /// The bytes of a file; nil for a directory.
  private static func regular(_ path: String) throws(TraceFileError) -> ByteStore? {
    do throws(TraceFileError) {
      return try MappedFile.open(path)
    } catch {
      if error.errno == .isDirectory { return nil }
      throw error
    }
  }

  private static func directory(
    _ path: String, _ formats: String?
  ) throws(TraceFileError) -> OpenedTrace {
    guard case .bundle = try TraceFormat.detect(path) else { return try pages(path, formats) }
    let trace = try Bundle(path).path(of: Bundle.trace)
    do throws(TraceFileError) {
      return try file(try MappedFile.open(trace), path)
    } catch {
      guard error.errno == .noSuchFileOrDirectory else { throw error }
      var lacking = error
      lacking.hint = "the bundle is incomplete, copy its trace.dat too"
      throw lacking
    }
  }

  private static func file(
    _ store: ByteStore, _ path: String
  ) throws(TraceFileError) -> OpenedTrace {
    var opened = OpenedTrace()
    var problem: String?
    let store = try PackedFile.unpacked(store, path: path, problem: &problem) ?? store
    if let problem { opened.problems.append(problem) }
    switch try TraceFormat.detect(store, path: path) {
    case .traceDat: opened.take(try TraceDatReader.read(store, path: path))
    default: opened.take(FtraceTextReader.read(store))
    }
    return opened
  }

  private static func pages(
    _ path: String, _ formats: String?
  ) throws(TraceFileError) -> OpenedTrace {
    var other: RawTrace?
    var folder: String?
    if let formats {
      if let store = try regular(formats) {
        var problem: String?
        let unpacked = try PackedFile.unpacked(store, path: formats, problem: &problem) ?? store
        other = try TraceDatReader.read(unpacked, path: formats).mainBuffer?.trace
      } else {
        folder = formats
      }
    }
    let dump = try RawDumpReader.read(path, formatsAt: folder, or: other)
    var opened = OpenedTrace()
    opened.problems = dump.problems.map(\.description)
    opened.buffers = [
      OpenedTrace.Buffer(
        name: "", trace: dump.trace, clock: StampClock(nil, clock: dump.trace.clock))
    ]
    return opened
  }
}

/// What a path holds, before records are decoded.
struct OpenedTrace {
  /// A ring buffer.
  struct Buffer {
    /// The instance's name, empty for the top one.
    var name: String
    var trace: RawTrace
    /// How its stamps become times.
    var clock: StampClock

    /// Whether it holds pages at all.
    var hasPages: Bool { trace.cpus.contains { !$0.range.isEmpty } }
  }

  /// What could not be read, one line each, with its offset or line.
  var problems: [String] = []
  /// What had been done to a text and was put right, a clause each.
  var repairs: [String] = []
  /// The buffers, the top one first.
  var buffers: [Buffer] = []
  /// The sections of text that hold something, or the first one.
  var sections: [FtraceText.Section] = []
  /// What the texts say of the machine.
  var textHeader: FtraceTextHeader?
  /// What a trace.dat holds besides its buffers.
  var file: TraceDatFile?

  mutating func take(_ file: TraceDatFile) {
    self.file = file
    problems += file.problems.map(\.description)
    buffers = file.buffers.map {
      Buffer(name: $0.name, trace: $0.trace, clock: StampClock(file, clock: $0.trace.clock))
    }
    if let text = file.latencyText { take(FtraceTextReader.read(ByteStore(Array(text.utf8)))) }
  }

  mutating func take(_ text: FtraceText) {
    problems += text.problems.map { problem in
      (problem.offset.map { "line \($0): " } ?? "") + problem.text
    }
    repairs += text.repairs
    textHeader = text.header
    sections += text.sections.filter { $0.eventCount > 0 || $0.header.latency != nil }
    if sections.isEmpty, !buffers.contains(where: \.hasPages) {
      sections = Array(text.sections.prefix(1))
    }
  }
}
