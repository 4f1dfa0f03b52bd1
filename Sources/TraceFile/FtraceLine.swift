/// The part of an ftrace line before what the event says.
struct FtraceLine {
  var comm: Range<Int>
  /// -1 where the line has no task.
  var pid: Int32
  /// -1 where the line has no CPU.
  var cpu: Int
  /// The flag characters, nil where the line has none.
  var flags: Range<Int>?
  /// Flags of the verbose format, which prints them as numbers.
  var verboseFlags: (flags: UInt8, depth: UInt8)?
  /// Nanoseconds, or a plain number where `isRaw`.
  var time: Int64
  var isRaw = false
  var isRelative = false
  var hasTime = true
  /// Whether the time came in two parts, of which the first was taken as seconds.
  var isTwoPart = false
  /// Whether perf script's columns come before the event: its name has the system in front, maybe a
  /// period.
  var isPerf = false
  var text: Range<Int>

  /// Reads a line of the default format, or of what trace-cmd prints:
  /// `COMM-PID ( TGID) [CPU] FLAGS TIME: TEXT`.
  init?(standard bytes: RawSpan, _ line: Range<Int>) {
    let end = line.upperBound
    var open = line.lowerBound
    while let bracket = bytes.find(91, open, end) {
      open = bracket + 1
      guard let (cpu, close) = bytes.decimal(open, end), close < end, bytes.byte(close) == 93,
        cpu <= 65_535, close + 1 < end, RawSpan.isBlank(bytes.byte(close + 1)),
        let (comm, pid) = Self.task(bytes, line.lowerBound, bytes.trimEnd(line.lowerBound, bracket))
      else { continue }
      var start = bytes.skipBlanks(close + 1, end)
      var word = start..<bytes.wordEnd(start, end)
      var flags: Range<Int>?
      if FlagColumns.isFlags(word, bytes) {
        flags = word
        start = bytes.skipBlanks(word.upperBound, end)
        word = start..<bytes.wordEnd(start, end)
      } else if word.count > 2, !RawSpan.isDigit(bytes.byte(word.lowerBound)) {
        continue
      }
      guard let stamp = Self.stamp(bytes, word) else { continue }
      self.comm = comm
      self.pid = pid
      self.cpu = Int(cpu)
      self.flags = flags
      time = stamp.time
      isRaw = stamp.isRaw
      text = min(stamp.next, end)..<end
      return
    }
    return nil
  }

  /// Reads a line of the latency format: `COMM-PID CPUFLAGS TIMEus+: TEXT`.
  init?(latency bytes: RawSpan, _ line: Range<Int>) {
    let end = line.upperBound
    var start = line.lowerBound
    while let unit = bytes.find("us", start, end) {
      start = unit + 2
      guard unit > line.lowerBound, RawSpan.isDigit(bytes.byte(unit - 1)), unit + 3 < end,
        bytes.byte(unit + 3) == 58
      else { continue }
      var digits = unit
      while digits > line.lowerBound, RawSpan.isDigit(bytes.byte(digits - 1)) { digits -= 1 }
      // A section's first events may lie before its zero.
      let negative = digits > line.lowerBound && bytes.byte(digits - 1) == 45
      guard let (microseconds, _) = bytes.decimal(digits, unit) else { continue }
      let tail = bytes.trimEnd(line.lowerBound, negative ? digits - 1 : digits)
      var head = LatencyHead(bytes, line.lowerBound, tail)
      var whole: UInt64 = 0
      if head == nil, !negative, let first = LatencyHead.number(bytes, line.lowerBound, tail) {
        // `5120010 210us`: the number before the microseconds belongs to the time.
        head = LatencyHead(bytes, line.lowerBound, bytes.trimEnd(line.lowerBound, first.start))
        guard head?.flags != nil else { continue }
        whole = first.value
        isTwoPart = true
      }
      guard let head else { continue }
      comm = head.comm
      pid = head.pid
      cpu = head.cpu
      flags = head.flags
      let value = Int64(clamping: microseconds).multipliedReportingOverflow(by: 1_000)
      let seconds = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000_000_000)
      let sum = value.partialValue.addingReportingOverflow(seconds.partialValue)
      let isBeyond = value.overflow || seconds.overflow || sum.overflow
      time = isBeyond ? .max : negative ? -sum.partialValue : sum.partialValue
      isRelative = !isTwoPart
      text = bytes.skipBlanks(unit + 4, end)..<end
      return
    }
    return nil
  }

  /// Reads a line of the latency format with the option `verbose`:
  /// `COMM PID CPU FLAGS PREEMPT INDEX [ABSOLUTE] N.NNNms (+N.NNNms): TEXT`.
  init?(verbose bytes: RawSpan, _ line: Range<Int>) {
    let end = line.upperBound
    guard let unit = bytes.find("ms (+", line.lowerBound, end),
      let close = bytes.find("ms): ", unit + 5, end)
    else { return nil }
    var head = unit
    while head > line.lowerBound, !RawSpan.isBlank(bytes.byte(head - 1)) { head -= 1 }
    guard let (whole, dot) = bytes.decimal(head, unit), dot + 4 == unit, bytes.byte(dot) == 46,
      let (part, last) = bytes.decimal(dot + 1, unit), last == unit
    else { return nil }
    let first = bytes.skipBlanks(line.lowerBound, head)
    let before = first..<max(first, bytes.trimEnd(line.lowerBound, head))
    let milliseconds = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000)
    let sum = milliseconds.partialValue.addingReportingOverflow(Int64(clamping: part))
    let value = sum.partialValue.multipliedReportingOverflow(by: 1_000)
    time = milliseconds.overflow || sum.overflow || value.overflow ? .max : value.partialValue
    isRelative = true
    text = bytes.skipBlanks(close + 5, end)..<end
    // The first latency tracers printed the preempt count alone: the header has the task and the
    // CPU.
    if before.count == 8, let depth = bytes.hexadecimal(before) {
      comm = before.upperBound..<before.upperBound
      pid = -1
      cpu = -1
      verboseFlags = (0, UInt8(truncatingIfNeeded: depth & 0xf))
      return
    }
    // The six words before the time, from the right.
    var words: [Range<Int>] = []
    var right = bytes.trimEnd(line.lowerBound, head)
    for _ in 0..<6 {
      var left = right
      while left > line.lowerBound, !RawSpan.isBlank(bytes.byte(left - 1)) { left -= 1 }
      guard left < right else { return nil }
      words.append(left..<right)
      right = bytes.trimEnd(line.lowerBound, left)
    }
    guard let pid = bytes.integer(words[5]), let cpu = bytes.integer(words[4]), cpu >= 0,
      cpu <= 65_535, let flags = bytes.integer(words[3]), let depth = bytes.hexadecimal(words[2])
    else { return nil }
    let start = bytes.skipBlanks(line.lowerBound, right)
    comm = start..<max(start, right)
    self.pid = Int32(truncatingIfNeeded: pid)
    self.cpu = Int(cpu)
    verboseFlags = (UInt8(truncatingIfNeeded: flags), UInt8(truncatingIfNeeded: depth))
  }

  /// Where in `CPUFLAGS` the flags begin; the CPU's digits take what the flags leave, as `0....1`
  /// and `10d..2` do.
  static func glued(
    _ bytes: RawSpan, _ start: Int, _ behind: Int, _ end: Int
  ) -> Range<Int>? {
    if behind == end { return end..<end }
    let flags = behind..<end
    return FlagColumns.isFlags(flags, bytes) ? flags : nil
  }

  /// `COMM-PID`, with `( TGID)` or `(-----)` after it, that ends at `end`.
  static func task(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (comm: Range<Int>, pid: Int32)? {
    var end = end
    if end > start, bytes.byte(end - 1) == 41 {
      var open = end - 1
      while open > start, bytes.byte(open) != 40 { open -= 1 }
      end = bytes.trimEnd(start, open)
    }
    var digits = end
    while digits > start, RawSpan.isDigit(bytes.byte(digits - 1)) { digits -= 1 }
    guard digits < end, digits > start, bytes.byte(digits - 1) == 45,
      let (pid, _) = bytes.decimal(digits, end), pid <= UInt64(Int32.max)
    else { return nil }
    let first = bytes.skipBlanks(start, digits - 1)
    return (first..<digits - 1, Int32(pid))
  }

  /// `SECONDS.FRACTION:` or `NUMBER:`.
  static func stamp(
    _ bytes: RawSpan, _ word: Range<Int>
  ) -> (time: Int64, isRaw: Bool, next: Int)? {
    guard let (whole, dot) = bytes.decimal(word.lowerBound, word.upperBound),
      dot < word.upperBound
    else { return nil }
    if bytes.byte(dot) == 58 {
      return (Int64(clamping: whole), true, bytes.skipBlanks(dot + 1, bytes.byteCount))
    }
    guard bytes.byte(dot) == 46,
      let (fraction, colon) = bytes.decimal(dot + 1, word.upperBound), colon < word.upperBound,
      bytes.byte(colon) == 58, colon - dot - 1 <= 9
    else { return nil }
    var part = Int64(clamping: fraction)
    for _ in colon - dot - 1..<9 { part *= 10 }
    let seconds = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000_000_000)
    let sum = seconds.partialValue.addingReportingOverflow(part)
    let time = seconds.overflow || sum.overflow ? .max : sum.partialValue
    return (time, false, bytes.skipBlanks(colon + 1, bytes.byteCount))
  }
}

/// What comes before the time in a line of the latency format: `COMM-PID CPUFLAGS`.
private struct LatencyHead {
  var comm: Range<Int>
  var pid: Int32
  var cpu: Int
  var flags: Range<Int>?

  /// Reads what ends at `tail`.
  init?(_ bytes: RawSpan, _ start: Int, _ tail: Int) {
    var word = tail
    while word > start, !RawSpan.isBlank(bytes.byte(word - 1)) { word -= 1 }
    guard let (cpu, behind) = bytes.decimal(word, tail), cpu <= 65_535,
      let flags = FtraceLine.glued(bytes, word, behind, tail),
      let (comm, pid) = FtraceLine.task(bytes, start, bytes.trimEnd(start, word))
    else { return nil }
    self.comm = comm
    self.pid = pid
    self.cpu = Int(cpu)
    self.flags = flags.isEmpty ? nil : flags
  }

  /// The number that ends at `tail` and is a word.
  static func number(_ bytes: RawSpan, _ start: Int, _ tail: Int) -> (value: UInt64, start: Int)? {
    var word = tail
    while word > start, !RawSpan.isBlank(bytes.byte(word - 1)) { word -= 1 }
    guard word > start, let (value, end) = bytes.decimal(word, tail), end == tail else {
      return nil
    }
    return (value, word)
  }
}
