// Lines that lack columns, and those of perf script.
extension FtraceLine {
  /// The parts of a line before what the event says, read from the right.
  private struct Head {
    var comm: Range<Int>?
    var pid: Int32?
    var cpu: Int?
    var flags: Range<Int>?
    var time: (value: Int64, isRaw: Bool, isRelative: Bool)?
    var isPerf = false

    /// Reads what lies in `range`; nil where a part of it is none of a trace's columns.
    init?(_ bytes: RawSpan, _ range: Range<Int>) {
      var end = bytes.trimEnd(range.lowerBound, range.upperBound)
      while end > range.lowerBound {
        var word = end
        while word > range.lowerBound, !RawSpan.isBlank(bytes.byte(word - 1)) { word -= 1 }
        let isTaken = take(bytes, word..<end)
        if !isTaken { break }
        end = bytes.trimEnd(range.lowerBound, word)
      }
      let start = bytes.skipBlanks(range.lowerBound, end)
      guard start < end else { return }
      guard end - start <= 40, takeTask(bytes, start..<end) else { return nil }
    }

    private mutating func take(_ bytes: RawSpan, _ word: Range<Int>) -> Bool {
      let isFirst = flags == nil && cpu == nil
      if isFirst, time == nil, let stamp = LooseText.stamp(bytes, word) {
        time = stamp
        return true
      }
      if isFirst, FlagColumns.isFlags(word, bytes), !RawSpan.isDigit(bytes.byte(word.lowerBound)) {
        flags = word
        return true
      }
      if cpu == nil, let number = LooseText.bracketed(bytes, word) {
        cpu = number
        return true
      }
      if isFirst, let (number, behind) = bytes.decimal(word.lowerBound, word.upperBound),
        number <= 65_535, behind < word.upperBound,
        FlagColumns.isFlags(behind..<word.upperBound, bytes)
      {
        cpu = Int(number)
        flags = behind..<word.upperBound
        return true
      }
      return false
    }

    /// `COMM-PID (TGID)`, or perf's `COMM PID`, `COMM PID/TID`, `PID`.
    private mutating func takeTask(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
      if let (comm, pid) = FtraceLine.task(bytes, range.lowerBound, range.upperBound) {
        self.comm = comm
        self.pid = pid
        return true
      }
      var word = range.upperBound
      while word > range.lowerBound, !RawSpan.isBlank(bytes.byte(word - 1)) { word -= 1 }
      var digits = word
      if let slash = bytes.find(47, word, range.upperBound) {
        guard let (_, behind) = bytes.decimal(word, slash), behind == slash else { return false }
        digits = slash + 1
      }
      guard let (pid, behind) = bytes.decimal(digits, range.upperBound), behind == range.upperBound,
        pid <= UInt64(Int32.max)
      else { return false }
      self.pid = Int32(pid)
      var name = range.lowerBound..<bytes.trimEnd(range.lowerBound, word)
      // perf prints `:PID` where it has no name.
      if !name.isEmpty, bytes.byte(name.lowerBound) == 58 { name = word..<word }
      comm = name
      isPerf = true
      return true
    }
  }

  /// Reads a line that lacks its task, its CPU, its flags or its time, or one of perf script.
  init?(loose bytes: RawSpan, _ line: Range<Int>) {
    let end = bytes.trimEnd(line.lowerBound, line.upperBound)
    let start = bytes.skipBlanks(line.lowerBound, end)
    // The longest head is a task with blanks in its name, a CPU, flags, a time and a period.
    let limit = min(end, start + 160)
    var index = start
    while index < limit {
      let word = index..<bytes.wordEnd(index, end)
      index = bytes.skipBlanks(word.upperBound, end)
      let place: (head: Range<Int>, text: Int)
      if let text = LooseText.timeEnd(bytes, word, end) {
        place = (start..<word.upperBound, text)
      } else if LooseText.isName(bytes, word)
        || bytes.matches("<-", at: index, end) && word.count > 2
      {
        place = (start..<word.lowerBound, word.lowerBound)
      } else {
        continue
      }
      if let line = Self(bytes, place.head, place.text..<end) {
        self = line
        return
      }
    }
    return nil
  }

  private init?(_ bytes: RawSpan, _ range: Range<Int>, _ text: Range<Int>) {
    guard let head = Head(bytes, range) else { return nil }
    var text = bytes.skipBlanks(text.lowerBound, text.upperBound)..<text.upperBound
    let columns = [head.pid != nil, head.cpu != nil, head.time != nil].count { $0 }
    var name = LooseText.name(bytes, text)
    if name == nil, let (_, behind) = bytes.decimal(text.lowerBound, text.upperBound) {
      // perf's period.
      let rest = bytes.skipBlanks(behind, text.upperBound)
      name = LooseText.name(bytes, rest..<text.upperBound)
      if name != nil, rest > behind { text = rest..<text.upperBound }
    }
    // One column alone is not a line of a trace, unless an event follows that is known.
    guard columns >= 2 || name.map({ EventNames.isFamiliar(bytes.string($0.name)) }) ?? false else {
      return nil
    }
    comm = head.comm ?? text.lowerBound..<text.lowerBound
    pid = head.pid ?? -1
    cpu = head.cpu ?? -1
    flags = head.flags
    time = head.time?.value ?? 0
    hasTime = head.time != nil
    isRaw = head.time?.isRaw ?? false
    isRelative = head.time?.isRelative ?? false
    isPerf = head.isPerf || name?.hasSystem ?? false
    self.text = text
  }
}

/// Words of lines that lack columns.
enum LooseText {
  /// `SECONDS.FRACTION`, `SECONDS.FRACTION:` or `Nus`, with a mark and a colon.
  static func stamp(
    _ bytes: RawSpan, _ word: Range<Int>
  ) -> (value: Int64, isRaw: Bool, isRelative: Bool)? {
    if let stamp = FtraceLine.stamp(bytes, word), !stamp.isRaw { return (stamp.time, false, false) }
    guard let (whole, behind) = bytes.decimal(word.lowerBound, word.upperBound),
      behind < word.upperBound
    else { return nil }
    if bytes.matches("us", at: behind, word.upperBound), word.upperBound - behind <= 4 {
      let value = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000)
      return (value.overflow ? .max : value.partialValue, false, true)
    }
    guard bytes.byte(behind) == 46,
      let (fraction, end) = bytes.decimal(behind + 1, word.upperBound), end == word.upperBound,
      (6...9).contains(end - behind - 1)
    else { return nil }
    var part = Int64(clamping: fraction)
    for _ in end - behind - 1..<9 { part = part &* 10 }
    let seconds = Int64(clamping: whole).multipliedReportingOverflow(by: 1_000_000_000)
    let sum = seconds.partialValue.addingReportingOverflow(part)
    return (seconds.overflow || sum.overflow ? .max : sum.partialValue, false, false)
  }

  /// Where the text begins after a word that is a time with a colon (`12us+:`, `12us :`,
  /// `1.000001:`).
  static func timeEnd(_ bytes: RawSpan, _ word: Range<Int>, _ end: Int) -> Int? {
    guard RawSpan.isDigit(bytes.byte(word.lowerBound)), stamp(bytes, word) != nil else {
      return nil
    }
    if bytes.byte(word.upperBound - 1) == 58 { return word.upperBound }
    let next = bytes.skipBlanks(word.upperBound, end)
    if next < end, bytes.byte(next) == 58 { return next + 1 }
    return next + 1 < end && bytes.byte(next + 1) == 58 ? next + 2 : nil
  }

  /// `[NUMBER]`
  static func bracketed(_ bytes: RawSpan, _ word: Range<Int>) -> Int? {
    guard word.count >= 3, bytes.byte(word.lowerBound) == 91,
      bytes.byte(word.upperBound - 1) == 93,
      let (number, behind) = bytes.decimal(word.lowerBound + 1, word.upperBound),
      behind == word.upperBound - 1, number <= 65_535
    else { return nil }
    return Int(number)
  }

  /// Whether a word is `NAME:` or `SYSTEM:NAME:`.
  static func isName(_ bytes: RawSpan, _ word: Range<Int>) -> Bool {
    name(bytes, word) != nil
  }

  /// The name with which a text begins, `NAME:` or `SYSTEM:NAME:`.
  static func name(
    _ bytes: RawSpan, _ text: Range<Int>
  ) -> (name: Range<Int>, hasSystem: Bool, end: Int)? {
    let end = bytes.wordEnd(text.lowerBound, text.upperBound)
    guard end - text.lowerBound >= 4, bytes.byte(end - 1) == 58,
      !RawSpan.isDigit(bytes.byte(text.lowerBound))
    else { return nil }
    var start = text.lowerBound
    var colons = 0
    for index in text.lowerBound..<end - 1 {
      let byte = bytes.byte(index)
      if byte == 58 {
        colons += 1
        start = index + 1
      } else if !RawSpan.isWord(byte), byte != 45 || index == text.lowerBound {
        return nil
      }
    }
    guard colons <= 1, start < end - 1 else { return nil }
    guard colons == 1 else { return (start..<end - 1, false, end) }
    // `cpu-clock:ppp:` of perf: what comes after the colon modifies the event.
    let isModified = (start..<end - 1).allSatisfy { Self.modifiers.contains(bytes.byte($0)) }
    if isModified { return (text.lowerBound..<start - 1, true, end) }
    return start - 1 > text.lowerBound ? (start..<end - 1, true, end) : nil
  }

  private static let modifiers = Set("ukhGHpPSDeWI".utf8)

  /// A frame of perf's call chains, `ADDRESS SYMBOL+0x1c (OBJECT)`, and whether it is the kernel's.
  static func frame(
    _ bytes: RawSpan, _ line: Range<Int>
  ) -> (address: Range<Int>, symbol: Range<Int>, isKernel: Bool)? {
    let end = bytes.trimEnd(line.lowerBound, line.upperBound)
    let start = bytes.skipBlanks(line.lowerBound, end)
    let address = start..<bytes.wordEnd(start, end)
    guard start > line.lowerBound, (5...16).contains(address.count),
      bytes.hexadecimal(address) != nil
    else { return nil }
    let from = bytes.skipBlanks(address.upperBound, end)
    var to = end
    var object: Range<Int>?
    if to > from, bytes.byte(to - 1) == 41, let open = bytes.findLast("(", from, to) {
      object = open + 1..<to - 1
      to = bytes.trimEnd(from, open)
    }
    guard from < to else { return nil }
    return (address, from..<to, isKernel(bytes, address, object))
  }

  private static func isKernel(
    _ bytes: RawSpan, _ address: Range<Int>, _ object: Range<Int>?
  ) -> Bool {
    if let object, !object.isEmpty {
      if bytes.matches("[kernel", at: object.lowerBound, object.upperBound)
        || bytes.matches("[guest.kernel", at: object.lowerBound, object.upperBound)
        || bytes.find(".ko", object.lowerBound, object.upperBound) != nil
        || bytes.find("vmlinux", object.lowerBound, object.upperBound) != nil
      {
        return true
      }
      if bytes.byte(object.lowerBound) == 91 {
        return !bytes.matches("[unknown]", at: object.lowerBound, object.upperBound)
          && !bytes.matches("[v", at: object.lowerBound, object.upperBound)
          && !bytes.matches("[heap", at: object.lowerBound, object.upperBound)
          && !bytes.matches("[stack", at: object.lowerBound, object.upperBound)
      }
      return false
    }
    return address.count == 16 && bytes.matches("ffff", at: address.lowerBound, address.upperBound)
  }
}
