public import TraceModel

/// An ftrace text that was read.
public struct FtraceText: Sendable {
  /// One trace of the file; a file that was put together from several has one for each header.
  public struct Section: Sendable {
    /// What its comment lines say.
    public var header: FtraceTextHeader
    /// Its events; positions are line numbers, from 1.
    public var timeline: Timeline
    /// Number of its events.
    public var eventCount: Int

    /// Memberwise.
    public init(header: FtraceTextHeader, timeline: Timeline, eventCount: Int) {
      self.header = header
      self.timeline = timeline
      self.eventCount = eventCount
    }
  }

  /// The traces in the file's order; at least one, which may be empty.
  public var sections: [Section]
  /// Lines that were not understood, those in a row as one; offsets are line numbers. After the
  /// first twenty only their number is reported.
  public var problems: [TraceFileProblem]
  /// What mails and web pages had done to the text and was put right, a clause each.
  public var repairs: [String] = []
  /// Number of lines of the file.
  public var lineCount: Int

  /// Memberwise.
  public init(sections: [Section], problems: [TraceFileProblem], lineCount: Int) {
    self.sections = sections
    self.problems = problems
    self.lineCount = lineCount
  }

  /// The header of the first section that has events, or of the first one.
  public var header: FtraceTextHeader { main?.header ?? FtraceTextHeader() }
  /// The timeline of the first section that has events, or of the first one.
  public var timeline: Timeline { main?.timeline ?? Timeline(cpus: []) }

  private var main: Section? { sections.first { $0.eventCount > 0 } ?? sections.first }
}
