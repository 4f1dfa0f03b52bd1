internal import TraceModel

// Lines that are not events: what the author or the reader of a trace wrote, and what is not
// understood.
extension FtraceTextParser {
  /// Lines that carry no event, or only lost ones.
  mutating func isDecoration(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let end = range.upperBound
    let start = bytes.skipBlanks(range.lowerBound, end)
    if start == end || bytes.matches("------", at: start, end)
      || bytes.matches("=====", at: start, end)
    {
      return true
    }
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

  /// `[...]`, `....`, `:` or `.... 332 ms`: whoever passed the text on cut lines out.
  func isEllipsis(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    if isCutMark(bytes, range) { return true }
    let end = bytes.trimEnd(range.lowerBound, range.upperBound)
    var index = bytes.skipBlanks(range.lowerBound, end)
    let isBracketed = index < end && (bytes.byte(index) == 91 || bytes.byte(index) == 40)
    if isBracketed { index = bytes.skipBlanks(index + 1, end) }
    let first = index
    var dots = 0
    while index < end {
      if bytes.matches("\u{2026}", at: index, end) {
        dots += 3
        index += 3
      } else if bytes.byte(index) == 46 {
        dots += 1
        index += 1
      } else if dots > 0, bytes.matches(" .", at: index, end) {
        index += 1
      } else {
        break
      }
    }
    if dots >= 2 { return isAfterDots(bytes, index..<end) }
    // A column of single dots or colons.
    return !isBracketed && end - first == 1 && (dots == 1 || bytes.byte(first) == 58)
  }

  /// After the dots of an ellipsis: nothing, more of them, a length, or a number of lines.
  private func isAfterDots(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard range.count <= 40 else { return false }
    var index = bytes.skipBlanks(range.lowerBound, range.upperBound)
    // `(about 5 ms)`, `+ 332 ms`, `~40us later ...`, `120 lines`
    let words = bytes.string(index..<range.upperBound).lowercased().split {
      !($0.isLetter || $0.isNumber)
    }
    if let number = words.firstIndex(where: { $0.first?.isNumber ?? false }) {
      let unit = words[number].drop { $0.isNumber }
      let word = unit.isEmpty && number + 1 < words.count ? words[words.count - 1] : unit
      let next = unit.isEmpty && number + 1 < words.count ? words[number + 1] : word
      return words.count <= 6
        && (Self.lengthWords.contains(next) || Self.lengthWords.contains(word))
    }
    while index < range.upperBound {
      switch bytes.byte(index) {
      case 32, 9, 40, 41, 46, 91, 93: index += 1
      default: return false
      }
    }
    return true
  }

  private static let lengthWords: Set<Substring> = [
    "ns", "us", "usec", "usecs", "ms", "msec", "msecs", "s", "sec", "secs", "second", "seconds",
    "millisecond", "milliseconds", "microsecond", "microseconds", "lines", "events", "entries",
  ]

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

  private static let cutWords: Set<Substring> = [
    "snip", "snipped", "snippet", "cut", "deleted", "skipped", "omitted", "truncated", "trimmed",
  ]

  /// A line that is not an event's: of a damaged trace it is a gap, else a remark of the author,
  /// which says nothing of what was recorded.
  mutating func takeUnknown(_ bytes: RawSpan, _ range: Range<Int>) {
    if let cpu = lastCPU, damage == nil, columns[cpu]?.continueLast(bytes, range) == true { return }
    let shown = bytes.string(range.lowerBound..<min(range.upperBound, range.lowerBound + 80))
    let isRow = looksLikeRow(bytes, range)
    misunderstood(shown, isRow: isRow)
    before.set(.unread, line, range)
    if !isRow {
      remarksSinceEvent += 1
    } else if eventCount > 0, damage == nil {
      damage = Damage(line: line, text: shown)
    }
  }

  /// Whether a line has two of what a trace's lines have: a task, a CPU, a time, a known event.
  func looksLikeRow(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    let end = min(range.upperBound, range.lowerBound + 200)
    var index = bytes.skipBlanks(range.lowerBound, end)
    var columns = 0
    while index < end, columns < 2 {
      let word = index..<bytes.wordEnd(index, end)
      let last = word.upperBound - 1
      if LooseText.bracketed(bytes, word) != nil {
        columns += 1
      } else if RawSpan.isDigit(bytes.byte(word.lowerBound)) {
        if let (_, dot) = bytes.decimal(word.lowerBound, word.upperBound), dot < last,
          bytes.byte(dot) == 46, let (_, part) = bytes.decimal(dot + 1, word.upperBound),
          part - dot > 3
        {
          columns += 1
        }
      } else if bytes.byte(last) == 58 {
        if EventNames.isFamiliar(bytes.string(word.lowerBound..<last)) { columns += 1 }
      } else if FtraceLine.task(bytes, word.lowerBound, word.upperBound) != nil {
        columns += 1
      }
      index = bytes.skipBlanks(word.upperBound, end)
    }
    return columns >= 2
  }

  /// Notes a line that was not understood; those that follow each other are one problem.
  mutating func misunderstood(_ shown: String, isRow: Bool) {
    if let run = misread, run.last + 1 >= line, run.isRow == isRow {
      misread?.last = line
    } else {
      reportMisread()
      misread = Misread(first: line, last: line, text: shown, isRow: isRow)
    }
  }

  mutating func reportMisread() {
    guard let run = misread else { return }
    misread = nil
    let problem = TraceFileProblem(
      offset: run.first,
      run.first == run.last
        ? "cannot parse this line: \"\(run.text)\""
        : "cannot parse the lines up to line \(run.last): \"\(run.text)\"")
    if !run.isRow {
      if remarks.count < Self.problemLimit { remarks.append(problem) }
    } else if problems.count < Self.problemLimit {
      problems.append(problem)
    } else {
      unlisted += Int(run.last - run.first) + 1
    }
  }
}
