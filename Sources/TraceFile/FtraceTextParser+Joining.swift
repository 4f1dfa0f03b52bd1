internal import RingBuffer
internal import TraceModel

/// What the line before was, which a mailer may have broken in two.
struct LineBefore {
  enum Kind {
    case none, comment
    /// An event, or one whose text lacks something.
    case event, incomplete
    /// Not understood.
    case unread
  }

  private(set) var kind = Kind.none
  private(set) var line: UInt64 = 0
  /// Where it lies, or its text where it was joined of several.
  private(set) var range = 0..<0
  private(set) var joined: [UInt8]?
  /// The first line of those that were joined.
  private(set) var first: UInt64 = 0

  mutating func set(_ kind: Kind, _ line: UInt64, _ range: Range<Int>) {
    self.kind = kind
    self.line = line
    self.range = range
    first = line
    joined = nil
  }

  mutating func join(_ kind: Kind, _ line: UInt64, _ text: [UInt8]) {
    self.kind = kind
    self.line = line
    joined = text
  }
}

// Lines that a mailer wrapped.
extension FtraceTextParser {
  private static let longest = 2_048

  /// Takes a line that continues the one before it.
  mutating func takeContinuation(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard before.line + 1 == line, before.kind != .none else { return false }
    let part =
      bytes.skipBlanks(
        range.lowerBound, range.upperBound)..<bytes.trimEnd(
        range.lowerBound, range.upperBound)
    let isPart = Self.looksContinued(bytes, part)
    if before.kind == .event, !isPart { return false }
    guard part.count + (before.joined?.count ?? before.range.count) < Self.longest else {
      return false
    }
    var text = before.joined ?? before.range.map { bytes.byte($0) }
    while text.last == 32 || text.last == 9 { text.removeLast() }
    text.append(32)
    for index in part { text.append(bytes.byte(index)) }
    if before.kind == .comment { return continueComment(text, bytes, part) }
    let isTaken = ByteStore(text).withBytes { takeJoined($0, isPart: isPart) }
    guard isTaken else { return false }
    repair("lines that a mailer had wrapped were joined")
    before.join(isIncomplete ? .incomplete : .event, line, text)
    return true
  }

  /// `key=value`, `==>` or `<-caller`: no line begins so.
  private static func looksContinued(_ bytes: RawSpan, _ part: Range<Int>) -> Bool {
    guard !part.isEmpty else { return false }
    if bytes.matches("==>", at: part.lowerBound, part.upperBound)
      || bytes.matches("<-", at: part.lowerBound, part.upperBound)
    {
      return true
    }
    var index = part.lowerBound
    while index < part.upperBound, RawSpan.isWord(bytes.byte(index)) { index += 1 }
    return index > part.lowerBound && index < part.upperBound && bytes.byte(index) == 61
  }

  /// Reads the joined line in place of the one before it, where it says more.
  private mutating func takeJoined(_ bytes: RawSpan, isPart: Bool) -> Bool {
    let whole = 0..<bytes.byteCount
    guard
      let found = FtraceLine(standard: bytes, whole) ?? FtraceLine(latency: bytes, whole)
        ?? FtraceLine(loose: bytes, whole), found.hasTime || before.kind != .unread
    else { return false }
    let payload = payload(bytes, found)
    if isIncomplete, !isPart { return false }
    if before.kind == .unread {
      // The task and the CPU come before the time.
      guard found.pid >= 0, found.cpu >= 0 else { return false }
      forgetUnread()
    } else {
      removeLastEvent()
    }
    let wasIncomplete = isIncomplete
    add(found, payload, bytes, position: before.first)
    isIncomplete = wasIncomplete
    return true
  }

  /// The line before was not understood because it is the begin of this one.
  private mutating func forgetUnread() {
    if let run = misread, run.last == before.line {
      if run.first == run.last { misread = nil } else { misread?.last -= 1 }
      if !run.isRow { remarksSinceEvent = max(0, remarksSinceEvent - 1) }
    }
    if damage?.line == before.line { damage = nil }
  }

  /// `(uid:0 nice:0 policy:1` goes on with `rt_prio:50)`.
  private mutating func continueComment(
    _ text: [UInt8], _ bytes: RawSpan, _ part: Range<Int>
  ) -> Bool {
    let opened = text.dropLast(part.count)
    guard eventCount == 0, part.contains(where: { bytes.byte($0) == 41 }),
      opened.count(where: { $0 == 40 }) > opened.count(where: { $0 == 41 })
    else { return false }
    header.take(String(decoding: text, as: UTF8.self))
    repair("lines that a mailer had wrapped were joined")
    before.join(.comment, line, text)
    return true
  }

  /// A frame of perf's call chain below its event; those of a program are left out.
  mutating func takeFrame(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard let cpu = lastCPU, let frame = LooseText.frame(bytes, range),
      let last = columns[cpu]?.events.last
    else { return false }
    guard frame.isKernel else { return true }
    var location = EventText.location(bytes, frame.symbol)
    location.address = bytes.hexadecimal(frame.address) ?? 0
    if case .stack(let frames) = last.payload {
      columns[cpu]?.replaceLast(.stack(frames + [location]))
    } else {
      var event = last
      event.payload = .stack([location])
      append(event)
      isInStack = false
    }
    return true
  }

  /// A line that lacks columns, or one of perf script.
  mutating func takeLooseLine(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard let found = FtraceLine(loose: bytes, range) else { return false }
    let isBare = found.pid < 0 && found.cpu < 0 && !found.hasTime
    // An event alone counts where all are so; a line without time among others with one is damaged.
    if isBare, eventCount > seen.bare { return false }
    if !found.hasTime, seen.timed > 0 { return false }
    let payload = payload(bytes, found)
    if isBare, isIncomplete { return false }
    if found.hasTime, seen.untimed > 0 { closeSection() }
    let wasIncomplete = isIncomplete
    add(found, payload, bytes)
    before.set(wasIncomplete ? .incomplete : .event, line, range)
    return true
  }
}
