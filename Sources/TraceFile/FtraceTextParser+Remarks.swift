internal import TraceModel

// Lines that are no events: what the author or the reader of a trace wrote, and what is not understood.
extension FtraceTextParser {
  /// Lines that carry no event, or only lost ones.
  mutating func isDecoration(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let end = range.upperBound
    let start = bytes.skipBlanks(range.lowerBound, end)
    if start == end || bytes.matches("------", at: start, end) { return true }
    if bytes.matches("CPU:", at: start, end), let (cpu, next) = bytes.decimal(start + 4, end),
      cpu <= 65_535, bytes.matches(" [", at: next, end),
      bytes.find("LOST", next, end) != nil || bytes.find("DROPPED", next, end) != nil
    {
      var digits = next
      while digits < end, !RawSpan.isDigit(bytes.byte(digits)) { digits += 1 }
      columns[Int(cpu), default: FtraceTextColumn()].lost = .some(bytes.decimal(digits, end)?.value)
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
  func isEllipsis(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
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
  func isCutMark(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
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

  static let cutWords: Set<Substring> = [
    "snip", "snipped", "snippet", "cut", "deleted", "skipped", "omitted", "truncated", "trimmed",
  ]

  mutating func takeUnknown(_ bytes: RawSpan, _ range: Range<Int>) {
    if let cpu = lastCPU, damage == nil, columns[cpu]?.continueLast(bytes, range) == true { return }
    let shown = bytes.string(range.lowerBound..<min(range.upperBound, range.lowerBound + 80))
    misunderstood(shown)
    if eventCount > 0, damage == nil { damage = (line, shown) }
  }

  /// Notes a line that was not understood; those that follow each other are one problem.
  mutating func misunderstood(_ shown: String) {
    if let run = misread, run.last + 1 >= line {
      misread?.last = line
    } else {
      reportMisread()
      misread = (line, line, shown)
    }
  }

  mutating func reportMisread() {
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
}
