internal import RingBuffer
internal import TraceModel

/// The work of reading one ftrace text.
struct FtraceTextParser {
  static let problemLimit = 20

  /// What of a trace could not be read, or was left out.
  struct Damage {
    var line: UInt64
    var text: String
    /// Whether the author left lines out: of any CPU.
    var isLeftOut = false
  }

  /// Lines in a row that were not understood.
  struct Misread {
    var first: UInt64
    var last: UInt64
    var text: String
    /// Whether they look like a trace's, not like a remark.
    var isRow: Bool
  }

  var line: UInt64 = 0
  var isHTML: Bool
  var isInside = true
  var sections: [FtraceText.Section] = []
  var header = FtraceTextHeader()
  var flagColumns = FlagColumns()
  var names = EventNames()
  var columns: [Int: FtraceTextColumn] = [:]
  var comms: [Int32: String] = [:]
  var eventCount = 0
  var problems: [TraceFileProblem] = []
  var unlisted = 0
  /// The CPU of the last event, and the first damaged line after it.
  var lastCPU: Int?
  var damage: Damage?
  /// Stack frames belong to the last event.
  var isInStack = false
  /// Frames of perf's call chains belong to the last event.
  var isInChain = false
  /// What was done to the text before it was read, what of it was put right, and what it lacks.
  var repairs: [String] = []
  /// Lines in a row that were not understood, which are one problem.
  var misread: Misread?
  /// Remarks, which are problems only of a text without events, and those between events.
  var remarks: [TraceFileProblem] = []
  var remarksSinceEvent = 0
  var remarkCount = 0
  /// What the line before was: the next one may continue it.
  var before = LineBefore()
  /// Whether the payload read last lacks something, so that its line may have been wrapped.
  var isIncomplete = false
  /// Which columns the section's lines have.
  var seen = SeenColumns()

  init(isHTML: Bool) {
    self.isHTML = isHTML
    isInside = !isHTML
  }

  mutating func read(_ bytes: RawSpan) {
    var start = 0
    while start < bytes.byteCount {
      let next = bytes.lineEnd(start)
      line += 1
      var end = next
      if end > start, bytes.byte(end - 1) == 13 { end -= 1 }
      if isInside {
        take(bytes, start..<end)
      } else if bytes.find("class=\"trace-data\"", start, end) != nil {
        isInside = true
      }
      start = next + 1
    }
  }

  /// The line without what mails and other programs put before it.
  private mutating func takePrefix(_ bytes: RawSpan, _ range: Range<Int>) {
    let end = range.upperBound
    var start = range.lowerBound
    let mark = bytes.skipBlanks(start, end)
    if mark < end, bytes.byte(mark) == 62 {
      repair("quote marks (>) were removed")
      start = mark
    }
    while start < end, bytes.byte(start) == 62 {
      start += 1
      if start < end, bytes.byte(start) == 32 { start += 1 }
    }
    let first = bytes.skipBlanks(start, end)
    if first < end, let prefix = LinePrefix.end(bytes, first, end) {
      repair(prefix.what)
      start = prefix.start
    }
    take(bytes, start..<end, bytes.skipBlanks(start, end))
  }

  mutating func take(_ bytes: RawSpan, _ range: Range<Int>) {
    // Texts come out of mails: quoted, indented, with parts left out.
    let first = bytes.skipBlanks(range.lowerBound, range.upperBound)
    if first < range.upperBound, LinePrefix.isPossible(bytes.byte(first)) {
      takePrefix(bytes, range)
    } else {
      take(bytes, range, first)
    }
  }

  /// Takes a line without a prefix, whose first byte that is not a blank is at `first`.
  private mutating func take(_ bytes: RawSpan, _ range: Range<Int>, _ first: Int) {
    guard first < range.upperBound else {
      if let run = misread, run.last + 1 == line { misread?.last = line }
      isInChain = false
      return
    }
    if bytes.byte(first) == 35 {
      before.set(.comment, line, first..<range.upperBound)
      return takeComment(bytes, first..<range.upperBound)
    }
    if isHTML, bytes.find("</script>", range.lowerBound, range.upperBound) != nil {
      isInside = false
      return
    }
    if isInStack, let frame = TracerText.frame(bytes, range) { return add(frame) }
    if takeLine(bytes, range) {
      before.set(isIncomplete ? .incomplete : .event, line, range)
      return
    }
    if isInChain, takeFrame(bytes, range) { return }
    if takeBareHeader(bytes, range) || takeContinuation(bytes, range) { return }
    if takeLooseLine(bytes, range) { return }
    if isEllipsis(bytes, range) {
      if eventCount > 0, damage == nil {
        damage = Damage(line: line, text: "lines were left out", isLeftOut: true)
      }
      return
    }
    if isDecoration(bytes, range) { return }
    takeUnknown(bytes, range)
  }

  /// A line with all its columns.
  private mutating func takeLine(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    if let line = FtraceLine(standard: bytes, range) {
      add(line, bytes)
    } else if let line = FtraceLine(latency: bytes, range) {
      add(line, bytes)
    } else if let line = FtraceGraphLine(bytes, range) {
      add(line, bytes)
    } else if var line = FtraceLine(verbose: bytes, range) {
      if line.cpu < 0, let latency = header.latency {
        line.cpu = latency.cpu ?? 0
        line.pid = latency.task?.pid ?? -1
      }
      add(line, bytes)
    } else {
      return false
    }
    return true
  }

  mutating func takeComment(_ bytes: RawSpan, _ range: Range<Int>) {
    // `##### CPU 1 buffer started ####`: the CPU's oldest stamp says the same.
    if bytes.matches("#####", at: range.lowerBound, range.upperBound) { return }
    if bytes.matches("# tracer: ", at: range.lowerBound, range.upperBound), eventCount > 0 {
      closeSection()
    }
    let lines = Self.commentLines(bytes, range)
    if lines.count > 1 { repair("joined header lines were split") }
    for line in lines { header.take(bytes.string(line)) }
    flagColumns = FlagColumns(legend: header.flagColumns)
  }

  /// The lines of a header that somebody joined: each begins with its sign and a blank, which no
  /// word comes before.
  static func commentLines(_ bytes: RawSpan, _ range: Range<Int>) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = range.lowerBound
    var index = start + 1
    while let sign = bytes.find(35, index, range.upperBound) {
      index = sign + 1
      guard index < range.upperBound, RawSpan.isBlank(bytes.byte(index)),
        !RawSpan.isWord(bytes.byte(sign - 1))
      else { continue }
      lines.append(start..<sign)
      start = sign
    }
    lines.append(start..<range.upperBound)
    return lines
  }

  /// A line of a header whose sign got lost.
  mutating func takeBareHeader(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard range.count < 1_000, FtraceTextHeader.isBare(bytes, range) else { return false }
    let start = bytes.skipBlanks(range.lowerBound, range.upperBound)
    if bytes.matches("tracer: ", at: start, range.upperBound), eventCount > 0 { closeSection() }
    guard eventCount == 0 else { return false }
    repair("header lines without # were read")
    header.take(bytes.string(start..<range.upperBound))
    flagColumns = FlagColumns(legend: header.flagColumns)
    return true
  }

  mutating func repair(_ what: String) {
    if !repairs.contains(what) { repairs.append(what) }
  }

  mutating func closeSection() {
    completeColumns()
    completeHeader()
    var cpus: [CPUTimeline] = []
    for (cpu, column) in columns.sorted(by: { $0.key < $1.key }) {
      let made = column.finish(cpu)
      cpus.append(made.timeline)
      problems += made.problems
    }
    var timeline = Timeline(cpus: cpus, comms: comms, clock: "")
    timeline.missing = seen.missing
    sections.append(
      FtraceText.Section(header: header, timeline: timeline, eventCount: eventCount))
    header = FtraceTextHeader()
    flagColumns = FlagColumns()
    columns = [:]
    comms = [:]
    eventCount = 0
    lastCPU = nil
    damage = nil
    isInStack = false
    isInChain = false
    before = LineBefore()
    seen = SeenColumns()
    remarksSinceEvent = 0
  }

  consuming func finish() -> FtraceText {
    if let found = damage, let cpu = lastCPU, let last = columns[cpu]?.events.last?.time {
      columns[cpu]?.gaps.append(
        TimelineGap(
          span: TimeSpan(last, last), cause: .damaged("line \(found.line): \(found.text)")))
    }
    closeSection()
    reportMisread()
    if sections.allSatisfy({ $0.eventCount == 0 && $0.header.latency == nil }) {
      problems += remarks
    }
    if unlisted > 0 {
      problems.append(
        TraceFileProblem(offset: nil, "cannot parse \(unlisted) more lines"))
    }
    if remarkCount > 0 {
      repair(
        remarkCount == 1
          ? "one line between events is a remark"
          : "\(remarkCount) lines between events are remarks")
    }
    var text = FtraceText(sections: sections, problems: problems, lineCount: Int(clamping: line))
    text.repairs = repairs
    return text
  }
}
