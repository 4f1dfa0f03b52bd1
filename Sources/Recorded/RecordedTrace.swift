internal import Analysis
public import Report
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// A recorded trace that is explained without the machine it came from.
///
/// Bundles, trace.dat files, directories of raw pages, and the text of ftrace, trace-cmd and
/// systrace; what is packed with gzip or zstd is unpacked. `-` is standard input.
public struct RecordedTrace: Sendable {
  /// What could not be read of the file, one line each, with its offset or line.
  public let problems: [String]
  /// What mails and web pages had done to a text and was put right, a clause each.
  public let repairs: [String]
  /// Buffers or sections.
  let sources: [TraceSource]
  /// What the file carries besides the trace; empty for files of other programs.
  let facts: ReportFacts
  /// Whether the file is one of breaktrace's own.
  let isOwn: Bool

  /// Opens a trace; `formats` names a directory or a trace.dat with the event formats of a raw dump
  /// that lacks them.
  ///
  /// `request` is what will be asked: a large file is read once then, not once for its index and
  /// once for the answer. `isList` says that `list` will be asked for it.
  public init(
    path: String, formats: String? = nil, request: AnalyzeRequest? = nil, isList: Bool = false
  ) throws(RecordedError) {
    var reader = RecordedTraceReader(question: request?.question(isList: isList))
    reader.take(try TraceOpener.open(path, formats: formats))
    guard !reader.sources.isEmpty else {
      throw RecordedError(
        TraceFileError(
          .read, path: TraceOpener.name(path), reason: .invalid("contains no buffer")))
    }
    problems = reader.problems
    repairs = reader.repairs
    sources = reader.sources
    isOwn = reader.facts != nil
    facts = reader.facts ?? reader.foreignFacts
  }

  /// Opens a trace whose bytes are there already; `name` is for the errors.
  public init(bytes: [UInt8], name: String) throws(RecordedError) {
    var reader = RecordedTraceReader()
    reader.take(try TraceOpener.open(ByteStore(bytes), name: name))
    problems = reader.problems
    repairs = reader.repairs
    sources = reader.sources
    isOwn = reader.facts != nil
    facts = reader.facts ?? reader.foreignFacts
  }

  /// The names of the buffers with events, the top one is empty.
  public var instances: [String] { sources.map(\.name) }

  /// The reports of the last break, or of all, oldest first.
  public func reports(all: Bool, toolVersion: String) throws(RecordedError) -> [SpikeReport] {
    var request = AnalyzeRequest()
    request.all = all
    return analyze(request, toolVersion: toolVersion).reports
  }
}

extension RecordedTrace {
  /// Whether a buffer has sched:sched_switch, from which the run queues are known.
  public var hasSwitches: Bool { sources.contains(where: \.hasSwitches) }

  /// Whether the file was read and holds no event at all.
  public var hasNoEvents: Bool { sources.allSatisfy(\.isEmpty) }
}
