public import RingBuffer
internal import TraceModel

/// Reads the text of tracefs' `trace` file in default, latency and verbose format, of
/// `trace-cmd report`, and of a systrace HTML page.
///
/// Core events become the cases of `EventPayload`; the lines of tracers become `.other` with the
/// system `ftrace` (`function`, `funcgraph_entry`, `timer_latency`, `osnoise`, `hwlat`, …); all
/// other events become `.other` with their text. A line that is not understood is a problem with
/// its number and a gap in the timeline.
public enum FtraceTextReader {
  /// Reads the file at `path`; throws where it cannot be opened.
  public static func read(_ path: String) throws(TraceFileError) -> FtraceText {
    read(try MappedFile.open(path))
  }

  /// Reads a file's bytes.
  public static func read(_ store: ByteStore) -> FtraceText {
    store.withBytes { bytes in
      let text = read(bytes, notes: [])
      // Beside a trace rtla's own account of it is a remark.
      guard text.sections.allSatisfy({ $0.eventCount == 0 }), let lines = RtlaText.lines(bytes)
      else { return text }
      return ByteStore(lines).withBytes { read($0, notes: [RtlaText.note]) }
    }
  }

  private static func read(_ bytes: RawSpan, notes: [String]) -> FtraceText {
    let isHTML = isHTML(bytes)
    var parser = FtraceTextParser(isHTML: isHTML)
    parser.repairs = notes
    if !isHTML, let repaired = TextRepair.repaired(bytes) {
      parser.repairs += repaired.notes
      ByteStore(repaired.bytes).withBytes { parser.read($0) }
    } else {
      parser.read(bytes)
    }
    return parser.finish()
  }

  private static func isHTML(_ bytes: RawSpan) -> Bool {
    let head = bytes.string(0..<512).drop { $0.isWhitespace }.prefix(16).lowercased()
    return head.hasPrefix("<!doctype html") || head.hasPrefix("<html")
  }
}

/// The work of reading one ftrace text.
struct FtraceTextParser {
  /// The events of one CPU while they are collected.
  struct Column {
    var events: [TraceEvent] = []
    var gaps: [TimelineGap] = []
    /// Events that the buffer lost in front of the next one; the count may be missing.
    var lost: UInt64??
    var isSorted = true
  }

  private static let problemLimit = 20

  private(set) var line: UInt64 = 0
  private var isHTML: Bool
  private var isInside = true
  private var sections: [FtraceText.Section] = []
  private var header = FtraceTextHeader()
  private var flagColumns = FlagColumns()
  private var names = EventNames()
  private var columns: [Int: Column] = [:]
  private var comms: [Int32: String] = [:]
  private var eventCount = 0
  private var problems: [TraceFileProblem] = []
  private var unlisted = 0
  /// The CPU of the last event, and the first damaged line behind it.
  private var lastCPU: Int?
  private var damage: (line: UInt64, text: String)?
  /// Stack frames belong to the last event.
  private var isInStack = false
  /// What was done to the text before it was read, and what of it was put right.
  var repairs: [String] = []
  /// Lines in a row that were not understood, which are one problem.
  private var misread: (first: UInt64, last: UInt64, text: String)?

  init(isHTML: Bool) {
    self.isHTML = isHTML
    isInside = !isHTML
  }

  mutating func read(_ bytes: RawSpan) {
    var start = 0
    while start < bytes.byteCount {
      let next = bytes.find(10, start, bytes.byteCount) ?? bytes.byteCount
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

  private mutating func take(_ bytes: RawSpan, _ range: Range<Int>) {
    // Texts come out of mails: quoted, indented, with parts left out.
    var start = range.lowerBound
    if start < range.upperBound, bytes.byte(start) == 62 {
      repair("quote marks (>) were removed")
    }
    while start < range.upperBound, bytes.byte(start) == 62 {
      start += 1
      if start < range.upperBound, bytes.byte(start) == 32 { start += 1 }
    }
    let range = start..<range.upperBound
    let first = bytes.skipBlanks(range.lowerBound, range.upperBound)
    guard first < range.upperBound else {
      if let run = misread, run.last + 1 == line { misread?.last = line }
      return
    }
    if bytes.byte(first) == 35 { return takeComment(bytes, first..<range.upperBound) }
    if isHTML, bytes.find("</script>", range.lowerBound, range.upperBound) != nil {
      isInside = false
      return
    }
    if isInStack, let frame = TracerText.frame(bytes, range) { return add(frame) }
    if let line = FtraceLine(standard: bytes, range) { return add(line, bytes) }
    if let line = FtraceLine(latency: bytes, range) { return add(line, bytes) }
    if let line = FtraceGraphLine(bytes, range) { return add(line, bytes) }
    if let line = FtraceLine(verbose: bytes, range) { return add(line, bytes) }
    if takeBareHeader(bytes, range) { return }
    if isEllipsis(bytes, range) {
      if eventCount > 0, damage == nil { damage = (self.line, "lines were left out") }
      return
    }
    if isDecoration(bytes, range) { return }
    takeUnknown(bytes, range)
  }

  private mutating func takeComment(_ bytes: RawSpan, _ range: Range<Int>) {
    // `##### CPU 1 buffer started ####`: the CPU's oldest stamp says the same.
    if bytes.matches("#####", at: range.lowerBound, range.upperBound) { return }
    if bytes.matches("# tracer: ", at: range.lowerBound, range.upperBound), eventCount > 0 {
      closeSection()
    }
    let lines = Self.commentLines(bytes, range)
    if lines.count > 1 { repair("header lines that were joined were split") }
    for line in lines { header.take(bytes.string(line)) }
    flagColumns = FlagColumns(legend: header.flagColumns)
  }

  /// The lines of a header that somebody joined: each begins with its sign and a blank, which no word comes before.
  private static func commentLines(_ bytes: RawSpan, _ range: Range<Int>) -> [Range<Int>] {
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
  private mutating func takeBareHeader(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard range.count < 1_000, FtraceTextHeader.isBare(bytes, range) else { return false }
    let start = bytes.skipBlanks(range.lowerBound, range.upperBound)
    if bytes.matches("tracer: ", at: start, range.upperBound), eventCount > 0 { closeSection() }
    guard eventCount == 0 else { return false }
    repair("header lines without # were read")
    header.take(bytes.string(start..<range.upperBound))
    flagColumns = FlagColumns(legend: header.flagColumns)
    return true
  }

  private mutating func repair(_ what: String) {
    if !repairs.contains(what) { repairs.append(what) }
  }

  /// Lines that carry no event, or only lost ones.
  private mutating func isDecoration(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let end = range.upperBound
    let start = bytes.skipBlanks(range.lowerBound, end)
    if start == end || bytes.matches("------", at: start, end) { return true }
    if bytes.matches("CPU:", at: start, end), let (cpu, next) = bytes.decimal(start + 4, end),
      cpu <= 65_535, bytes.matches(" [", at: next, end),
      bytes.find("LOST", next, end) != nil || bytes.find("DROPPED", next, end) != nil
    {
      var digits = next
      while digits < end, !RawSpan.isDigit(bytes.byte(digits)) { digits += 1 }
      columns[Int(cpu), default: Column()].lost = .some(bytes.decimal(digits, end)?.value)
      return true
    }
    if bytes.matches("cpus=", at: start, end) {
      header.cpuCount = bytes.number("cpus=", start..<end).map { Int($0) }
      return true
    }
    if bytes.matches("CPU ", at: start, end), bytes.find(" is empty", start, end) != nil {
      return true
    }
    return bytes.matches("version = ", at: start, end)
      || bytes.matches("trace-cmd: ", at: start, end)
  }

  /// `[...]` or `....`: whoever passed the text on cut lines out.
  private func isEllipsis(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    if isCutMark(bytes, range) { return true }
    var dots = 0
    for index in range {
      switch bytes.byte(index) {
      case 46: dots += 1
      case 32, 9, 91, 93: break
      default: return false
      }
    }
    return dots >= 2
  }

  /// `<snip>`, `[... 120 lines deleted ...]`, `--8<--`: a short line that says so.
  private func isCutMark(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard range.count <= 60 else { return false }
    let end = range.upperBound
    if bytes.find("8<", range.lowerBound, end) != nil
      || bytes.find(">8", range.lowerBound, end) != nil
    {
      return true
    }
    let text = bytes.string(range).lowercased()
    let words = text.split { !$0.isLetter }
    if words.contains(where: Self.cutWords.contains) { return words.count <= 6 }
    return false
  }

  private static let cutWords: Set<Substring> = [
    "snip", "snipped", "snippet", "cut", "deleted", "skipped", "omitted", "truncated", "trimmed",
  ]

  private mutating func takeUnknown(_ bytes: RawSpan, _ range: Range<Int>) {
    if let cpu = lastCPU, damage == nil, columns[cpu]?.continueLast(bytes, range) == true { return }
    let shown = bytes.string(range.lowerBound..<min(range.upperBound, range.lowerBound + 80))
    misunderstood(shown)
    if eventCount > 0, damage == nil { damage = (line, shown) }
  }

  /// Notes a line that was not understood; those that follow each other are one problem.
  private mutating func misunderstood(_ shown: String) {
    if let run = misread, run.last + 1 >= line {
      misread?.last = line
    } else {
      reportMisread()
      misread = (line, line, shown)
    }
  }

  private mutating func reportMisread() {
    guard let run = misread else { return }
    misread = nil
    guard problems.count < Self.problemLimit else {
      unlisted += Int(run.last - run.first) + 1
      return
    }
    problems.append(
      TraceFileProblem(
        offset: run.first,
        run.first == run.last
          ? "this line is not understood: \"\(run.text)\""
          : "this line and those up to line \(run.last) are not understood: \"\(run.text)\""))
  }

  private mutating func add(_ frame: CodeLocation) {
    guard let cpu = lastCPU, let last = columns[cpu]?.events.last,
      case .stack(let frames) = last.payload
    else { return }
    columns[cpu]?.replaceLast(.stack(frames + [frame]))
  }

  private mutating func add(_ found: FtraceLine, _ bytes: RawSpan) {
    if found.isRaw { header.hasRawStamps = true }
    if found.isRelative { header.hasRelativeStamps = true }
    let context: EventContext
    if let flags = found.flags {
      if flags.count > header.flagWidth { header.flagWidth = flags.count }
      context = flagColumns.context(flags, bytes)
    } else {
      context = EventContext(
        flags: found.verboseFlags?.flags ?? 0, preemptCount: found.verboseFlags?.depth ?? 0)
    }
    name(found.pid, found.comm, bytes)
    let payload = payload(
      bytes, found.text.lowerBound..<bytes.trimEnd(found.text.lowerBound, found.text.upperBound))
    append(
      TraceEvent(
        time: Nanoseconds(found.time), cpu: found.cpu, pid: found.pid, context: context,
        payload: payload, position: line))
  }

  private mutating func add(_ found: FtraceGraphLine, _ bytes: RawSpan) {
    if case .change = found.content { return }
    if found.isRelative { header.hasRelativeStamps = true }
    if let pid = found.pid, let comm = found.comm { name(pid, comm, bytes) }
    let context =
      found.flags.map { flagColumns.context($0, bytes) }
      ?? EventContext(flags: 0, preemptCount: 0)
    let payload: EventPayload
    if case .comment = found.content {
      payload = self.payload(bytes, found.text)
    } else {
      let isEnter = if case .enter = found.content { true } else { false }
      let isLeave = if case .leave = found.content { true } else { false }
      var fields = [EventField(name: "func", value: bytes.string(found.text))]
      if let duration = found.duration {
        fields.append(EventField(name: "duration_us", value: bytes.string(duration)))
      }
      let name = isEnter ? "funcgraph_entry" : isLeave ? "funcgraph_exit" : "funcgraph_leaf"
      payload = .other(
        OtherEvent(system: "ftrace", name: name, fields: fields, text: bytes.string(found.text)))
    }
    let last = columns[found.cpu]?.events.last
    let time = found.time.map { Nanoseconds($0) } ?? last?.time ?? .zero
    append(
      TraceEvent(
        time: time, cpu: found.cpu, pid: found.pid ?? last?.pid ?? -1, context: context,
        payload: payload, position: line))
  }

  private mutating func append(_ event: TraceEvent) {
    let before = lastCPU.flatMap { columns[$0]?.events.last?.time }
    if let found = damage, let cpu = lastCPU, let before {
      let gap = TimelineGap(
        span: TimeSpan(before, event.time),
        cause: .damaged("line \(found.line): \(found.text)"))
      columns[cpu]?.gaps.append(gap)
      if cpu != event.cpu { columns[event.cpu, default: Column()].gaps.append(gap) }
      damage = nil
    }
    columns[event.cpu, default: Column()].append(event)
    eventCount += 1
    lastCPU = event.cpu
    if case .stack = event.payload { isInStack = true } else { isInStack = false }
  }

  /// Notes a task's name; the latency format cuts it to eight characters, so the longest is kept.
  private mutating func name(_ pid: Int32, _ comm: Range<Int>, _ bytes: RawSpan) {
    guard pid != 0, !comm.isEmpty, !bytes.matches("<...>", at: comm.lowerBound, comm.upperBound)
    else { return }
    if let known = comms[pid], known.utf8.count >= comm.count,
      known.utf8.first == bytes.byte(comm.lowerBound)
    {
      if known.utf8.count == comm.count, !same(known, comm, bytes) {
        comms[pid] = bytes.string(comm)
      }
      return
    }
    comms[pid] = bytes.string(comm)
  }

  private func same(_ text: String, _ range: Range<Int>, _ bytes: RawSpan) -> Bool {
    var index = range.lowerBound
    for byte in text.utf8 {
      if byte != bytes.byte(index) { return false }
      index += 1
    }
    return true
  }

  private mutating func name(_ task: TaskIdentity) {
    if task.pid != 0, !task.comm.isEmpty, comms[task.pid] != task.comm {
      comms[task.pid] = task.comm
    }
  }

  private mutating func closeSection() {
    var cpus: [CPUTimeline] = []
    for (cpu, column) in columns { cpus.append(column.finish(cpu)) }
    for (cpu, column) in columns.sorted(by: { $0.key < $1.key }) where !column.isSorted {
      problems.append(
        TraceFileProblem(
          offset: nil, "the lines of CPU \(cpu) are not in order of time; they were sorted"))
    }
    sections.append(
      FtraceText.Section(
        header: header, timeline: Timeline(cpus: cpus, comms: comms, clock: ""),
        eventCount: eventCount))
    header = FtraceTextHeader()
    columns = [:]
    comms = [:]
    eventCount = 0
    lastCPU = nil
    damage = nil
    isInStack = false
  }

  consuming func finish() -> FtraceText {
    if let found = damage, let cpu = lastCPU, let last = columns[cpu]?.events.last?.time {
      columns[cpu]?.gaps.append(
        TimelineGap(
          span: TimeSpan(last, last), cause: .damaged("line \(found.line): \(found.text)")))
    }
    closeSection()
    reportMisread()
    if unlisted > 0 {
      problems.append(
        TraceFileProblem(offset: nil, "\(unlisted) more lines were not understood"))
    }
    var text = FtraceText(sections: sections, problems: problems, lineCount: Int(clamping: line))
    text.repairs = repairs
    return text
  }

  /// What a line's text says.
  private mutating func payload(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload {
    let end = range.upperBound
    var colon = range.lowerBound
    while colon < end, RawSpan.isWord(bytes.byte(colon)) { colon += 1 }
    // No event's name begins with a digit: `150:  0:S` is a task with a padded priority.
    if colon > range.lowerBound, colon < end, bytes.byte(colon) == 58,
      !RawSpan.isDigit(bytes.byte(range.lowerBound)),
      colon + 1 == end || RawSpan.isBlank(bytes.byte(colon + 1))
    {
      let number = names.entry(range.lowerBound..<colon, bytes)
      let entry = names.entries[number]
      let text = bytes.skipBlanks(colon + 1, end)..<end
      if let payload = EventText.payload(entry.kind, bytes, text) {
        switch payload {
        case .switched(let event):
          name(event.previous)
          name(event.next)
        case .waking(let event), .wakeup(let event), .wakeupNew(let event): name(event.task)
        default: break
        }
        return payload
      }
      if case .marker = entry.kind {
        // The text as it was written, blanks included.
        return .marker(bytes.string(min(colon + 2, end)..<end))
      }
      if let noise = TracerText.noise(entry.name, bytes, colon + 1..<end) { return .other(noise) }
      return .other(
        OtherEvent(
          system: "", name: entry.name, fields: TracerText.pairs(bytes, text),
          text: bytes.string(text)))
    }
    return tracerPayload(bytes, range)
  }

  private func tracerPayload(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload {
    let end = range.upperBound
    if bytes.matches("<stack trace>", at: range.lowerBound, end) { return .stack([]) }
    if let call = TracerText.systemCall(bytes, range) { return call }
    let found =
      TracerText.function(bytes, range) ?? TracerText.timerLatency(bytes, range)
      ?? TracerText.hardwareLatency(bytes, range) ?? TracerText.contextSwitch(bytes, range)
      ?? TracerText.osnoise(bytes, range)
    if let found { return .other(found) }
    return .other(OtherEvent(system: "", name: "", fields: [], text: bytes.string(range)))
  }
}

extension FtraceTextParser.Column {
  /// Appends a line to the last event where that is a text that may hold line ends of its own:
  /// one written to trace_marker or by trace_printk().
  mutating func continueLast(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    switch events.last?.payload {
    case .marker(let text): replaceLast(.marker(text + "\n" + bytes.string(range)))
    case .other(var event) where event.name == "bprint" || event.name == "bputs":
      event.text = (event.text ?? "") + "\n" + bytes.string(range)
      replaceLast(.other(event))
    default: return false
    }
    return true
  }

  mutating func replaceLast(_ payload: EventPayload) {
    if !events.isEmpty { events[events.count - 1].payload = payload }
  }

  mutating func append(_ event: TraceEvent) {
    let before = events.last?.time ?? event.time
    if let lost {
      gaps.append(
        TimelineGap(span: TimeSpan(before, event.time), cause: .lostEvents(count: lost)))
      self.lost = nil
    }
    if event.time < before { isSorted = false }
    events.append(event)
  }

  func finish(_ cpu: Int) -> CPUTimeline {
    var events = events
    // The sort keeps the order of equal stamps by the line number.
    if !isSorted { events.sort { ($0.time, $0.position) < ($1.time, $1.position) } }
    var gaps = gaps
    if let lost {
      let last = events.last?.time ?? .zero
      gaps.append(TimelineGap(span: TimeSpan(last, last), cause: .lostEvents(count: lost)))
    }
    return CPUTimeline(cpu: cpu, events: events, gaps: gaps)
  }
}
