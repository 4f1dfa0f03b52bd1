internal import TraceModel

/// Reads the text of lines that no event printed: what tracers themselves write.
struct TracerText {
  /// `FUNCTION <-CALLER` of the function tracer and the latency tracers; the caller may be missing.
  /// `FUNCTION (CALLER)` of the latency tracer before ftrace, whose other parentheses hold
  /// arguments.
  static func function(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    guard let arrow = bytes.find(" <-", range.lowerBound, range.upperBound) else {
      guard !range.isEmpty else { return nil }
      let name = range.lowerBound..<bytes.wordEnd(range.lowerBound, range.upperBound)
      guard bytes.find(58, name.lowerBound, name.upperBound) == nil else { return nil }
      var fields = [EventField(name: "ip", value: bytes.string(name))]
      if name.upperBound < range.upperBound {
        guard let caller = caller(bytes, name, range.upperBound) else { return nil }
        if !caller.isEmpty { fields.append(EventField(name: "parent_ip", value: caller)) }
      }
      return other("function", fields, bytes, range)
    }
    // trace-cmd's arrow has two dashes; what an author wrote after the caller is a remark.
    var start = arrow + 3
    if bytes.matches("- ", at: start, range.upperBound) { start += 2 }
    let caller = start..<symbolEnd(bytes, start, range.upperBound)
    let first = bytes.skipBlanks(range.lowerBound, arrow)
    let fields = [
      EventField(name: "ip", value: bytes.string(first..<arrow)),
      EventField(name: "parent_ip", value: bytes.string(caller)),
    ]
    return other("function", fields, bytes, range)
  }

  /// Where a symbol ends, its module included.
  private static func symbolEnd(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int {
    let word = bytes.wordEnd(start, end)
    if bytes.matches(" [", at: word, end), let close = bytes.find(93, word, end),
      bytes.find(32, word + 1, close) == nil
    {
      return close + 1
    }
    return word
  }

  /// The caller of `FUNCTION (CALLER)`; empty for `FUNCTION (0 1)` and `FUNCTION <COMM-PID> (0 1)`,
  /// nil for other text.
  private static func caller(_ bytes: RawSpan, _ name: Range<Int>, _ end: Int) -> String? {
    for index in name {
      let byte = bytes.byte(index)
      guard RawSpan.isWord(byte) || byte == 46 || byte == 43 else { return nil }
    }
    var open = bytes.skipBlanks(name.upperBound, end)
    if open < end, bytes.byte(open) == 60, let close = bytes.findLast("> (", open, end) {
      open = close + 2
    }
    guard open < end, bytes.byte(open) == 40, let close = bytes.find(41, open, end) else {
      return nil
    }
    let inside = open + 1..<close
    guard !inside.isEmpty else { return nil }
    if RawSpan.isDigit(bytes.byte(inside.lowerBound)) || bytes.find(32, open, close) != nil {
      return ""
    }
    let location = EventText.location(bytes, inside)
    return location.symbol
  }

  /// A call of function_graph as trace-cmd prints it: `[DURATION us] | CALL() {`, `CALL();` or `}`.
  static func graphCall(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    guard let bar = bytes.find(124, range.lowerBound, range.upperBound) else { return nil }
    var duration: Range<Int>?
    if let unit = bytes.findLast(" us", range.lowerBound, bar) {
      let end = bytes.trimEnd(range.lowerBound, unit)
      var digits = end
      while digits > range.lowerBound, !RawSpan.isBlank(bytes.byte(digits - 1)) { digits -= 1 }
      duration = digits..<end
    }
    let start = bytes.skipBlanks(bar + 1, range.upperBound)
    let body = start..<bytes.trimEnd(start, range.upperBound)
    let (content, name) = FtraceGraphLine.content(bytes, body)
    let kind: String
    switch content {
    case .enter: kind = "funcgraph_entry"
    case .leaf: kind = "funcgraph_leaf"
    case .leave: kind = "funcgraph_exit"
    case .comment, .change: return nil
    }
    var fields = [EventField(name: "func", value: bytes.string(name))]
    if let duration {
      fields.append(EventField(name: "duration_us", value: bytes.string(duration)))
    }
    return other(kind, fields, bytes, name)
  }

  /// ARM's ipi_raise, ipi_entry and ipi_exit: `[target_mask=00000000,00000020] (REASON)`.
  static func crossCall(_ name: String, _ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent {
    var fields: [EventField] = []
    if let mask = bytes.value("target_mask=", range) ?? bytes.value("target_cpus=", range) {
      fields.append(EventField(name: "target_cpus", value: bytes.string(mask)))
    }
    if let open = bytes.find("(", range.lowerBound, range.upperBound),
      let close = bytes.findLast(")", open + 1, range.upperBound)
    {
      fields.append(EventField(name: "reason", value: bytes.string(open + 1..<close)))
    }
    return OtherEvent(system: "", name: name, fields: fields, text: bytes.string(range))
  }

  /// `PID:PRIO:STATE + [CPU] PID:PRIO:STATE COMM` of the wakeup tracers (`==>` for a switch).
  static func contextSwitch(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    let words = words(bytes, range)
    guard words.count >= 4,
      let sign = words.firstIndex(where: { word in
        (word.count == 1 && bytes.byte(word.lowerBound) == 43)
          || bytes.matches("==>", at: word.lowerBound, word.upperBound)
      }), sign >= 1, sign + 2 < words.count
    else { return nil }
    let isSwitch = bytes.byte(words[sign].lowerBound) == 61
    // Priorities are padded with blanks: `20: 98:R`.
    let left = bytes.string(range.lowerBound..<words[sign].lowerBound).split {
      $0 == ":" || $0 == " "
    }
    let cpu = bytes.string(words[sign + 1]).filter { $0.isNumber }
    let right = bytes.string(words[sign + 2].lowerBound..<range.upperBound)
    let parts = right.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == ":" }
    guard left.count == 3, parts.count == 3, Int32(left[0]) != nil else { return nil }
    let tail = parts[2].split(separator: " ", maxSplits: 1)
    let fields = [
      EventField(name: "prev_pid", value: String(left[0])),
      EventField(name: "prev_prio", value: String(left[1])),
      EventField(name: "prev_state", value: String(left[2])),
      EventField(name: "next_cpu", value: cpu),
      EventField(name: "next_pid", value: String(parts[0])),
      EventField(name: "next_prio", value: parts[1].filter { $0 != " " }),
      EventField(name: "next_state", value: tail.first.map { String($0) } ?? ""),
      EventField(name: "next_comm", value: tail.count > 1 ? String(tail[1]) : ""),
    ]
    return other(isSwitch ? "context_switch" : "wakeup", fields, bytes, range)
  }

  /// `#SEQ  context  irq timer_latency  N ns`
  static func timerLatency(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    let words = words(bytes, range).map { bytes.string($0) }
    guard words.count >= 5, words[0].hasPrefix("#"), words[1] == "context",
      words[3] == "timer_latency"
    else { return nil }
    let fields = [
      EventField(name: "seqnum", value: String(words[0].dropFirst())),
      EventField(name: "context", value: words[2]),
      EventField(name: "timer_latency", value: words[4]),
    ]
    return other("timer_latency", fields, bytes, range)
  }

  /// `#SEQ inner/outer(us): 12/14 ts:… count:3`
  static func hardwareLatency(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    guard bytes.matches("#", at: range.lowerBound, range.upperBound),
      bytes.find("inner/outer(us):", range.lowerBound, range.upperBound) != nil
    else { return nil }
    let words = words(bytes, range).map { bytes.string($0) }
    var fields = [EventField(name: "seqnum", value: String(words[0].dropFirst()))]
    if let value = words.firstIndex(of: "inner/outer(us):"), value + 1 < words.count {
      let pair = words[value + 1].split(separator: "/")
      if pair.count == 2 {
        fields.append(EventField(name: "duration", value: String(pair[0])))
        fields.append(EventField(name: "outer_duration", value: String(pair[1])))
      }
    }
    for word in words {
      let pair = word.split(separator: ":", maxSplits: 1)
      if pair.count == 2, !word.hasPrefix("inner") {
        fields.append(EventField(name: String(pair[0]), value: String(pair[1])))
      }
    }
    return other("hwlat", fields, bytes, range)
  }

  private static let osnoiseNames = [
    "runtime", "noise", "available", "max_sample", "hw_count", "nmi_count", "irq_count",
    "softirq_count", "thread_count",
  ]

  /// The columns of the osnoise tracer: only numbers.
  static func osnoise(_ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    let words = words(bytes, range)
    guard words.count >= 8, words.count <= osnoiseNames.count else { return nil }
    for index in range {
      let byte = bytes.byte(index)
      guard RawSpan.isDigit(byte) || RawSpan.isBlank(byte) || byte == 46 else { return nil }
    }
    let fields = zip(osnoiseNames, words).map {
      EventField(name: $0, value: bytes.string($1))
    }
    return other("osnoise", fields, bytes, range)
  }

  /// `NAME START DURATION` of the osnoise events: `local_timer:236 start 45.358869383 duration
  /// 13390 ns`.
  static func noise(_ name: String, _ bytes: RawSpan, _ range: Range<Int>) -> OtherEvent? {
    guard let start = bytes.find(" start ", range.lowerBound, range.upperBound),
      let span = bytes.find(" duration ", start, range.upperBound)
    else { return nil }
    let begin = start + 7
    let length = span + 10
    let first = min(bytes.skipBlanks(range.lowerBound, range.upperBound), start)
    let source = bytes.string(first..<start)
    var fields: [EventField] = []
    if name == "thread_noise", let colon = source.lastIndex(of: ":") {
      fields.append(EventField(name: "comm", value: String(source[..<colon])))
      fields.append(EventField(name: "pid", value: String(source[source.index(after: colon)...])))
    } else if !source.isEmpty {
      fields.append(EventField(name: "desc", value: source))
    }
    fields.append(
      EventField(
        name: "start", value: bytes.string(begin..<bytes.wordEnd(begin, range.upperBound))))
    fields.append(
      EventField(
        name: "duration", value: bytes.string(length..<bytes.wordEnd(length, range.upperBound))))
    return other(name, fields, bytes, range)
  }

  /// A system call's event: `sys_read(fd: 7, …)` or `sys_read -> 0x64`.
  static func systemCall(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard bytes.matches("sys_", at: range.lowerBound, range.upperBound) else { return nil }
    var end = range.lowerBound
    while end < range.upperBound, RawSpan.isWord(bytes.byte(end)) { end += 1 }
    let name = range.lowerBound + 4..<end
    if bytes.matches("(", at: end, range.upperBound) {
      return .syscallEnter(number: -1, name: bytes.string(name))
    }
    guard bytes.matches(" -> ", at: end, range.upperBound) else { return nil }
    let value = end + 4..<bytes.wordEnd(end + 4, range.upperBound)
    guard let result = bytes.hexadecimal(value) else { return nil }
    return .syscallExit(
      number: -1, name: bytes.string(name), result: Int64(bitPattern: result))
  }

  /// A frame of a stack: `=> SYMBOL`, `=> SYMBOL+0x1c/0x20 [MODULE]`, `=> SYMBOL (ADDRESS)`.
  static func frame(_ bytes: RawSpan, _ line: Range<Int>) -> CodeLocation? {
    let start = bytes.skipBlanks(line.lowerBound, line.upperBound)
    guard bytes.matches("=>", at: start, line.upperBound) else { return nil }
    let from = bytes.skipBlanks(start + 2, line.upperBound)
    var end = bytes.trimEnd(from, line.upperBound)
    guard from < end else { return nil }
    var address: UInt64?
    if bytes.byte(end - 1) == 41, let open = bytes.findLast(" (", from, end) {
      address = bytes.hexadecimal(open + 2..<end - 1)
      if address != nil { end = open }
    }
    var location = EventText.location(bytes, from..<end)
    if let address { location.address = address }
    return location
  }

  /// `key=value` pairs of any event; a value reaches up to the next key.
  static func pairs(_ bytes: RawSpan, _ range: Range<Int>) -> [EventField] {
    var fields: [EventField] = []
    var name: Range<Int>?
    var valueStart = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      let start = bytes.skipBlanks(index, range.upperBound)
      var end = start
      while end < range.upperBound,
        RawSpan.isWord(bytes.byte(end)) || end > start && bytes.byte(end) == 45
      {
        end += 1
      }
      if end > start, end < range.upperBound, bytes.byte(end) == 61 {
        if let name { fields.append(field(name, valueStart, start, bytes)) }
        name = start..<end
        valueStart = end + 1
        index = end + 1
      }
      index = max(bytes.wordEnd(max(end, index), range.upperBound), start + 1)
    }
    if let name { fields.append(field(name, valueStart, range.upperBound, bytes)) }
    return fields
  }

  private static func field(
    _ name: Range<Int>, _ start: Int, _ end: Int, _ bytes: RawSpan
  ) -> EventField {
    EventField(
      name: bytes.string(name), value: bytes.string(start..<max(start, bytes.trimEnd(start, end))))
  }

  private static func words(_ bytes: RawSpan, _ range: Range<Int>) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var index = bytes.skipBlanks(range.lowerBound, range.upperBound)
    while index < range.upperBound {
      let end = bytes.wordEnd(index, range.upperBound)
      words.append(index..<end)
      index = bytes.skipBlanks(end, range.upperBound)
    }
    return words
  }

  private static func other(
    _ name: String, _ fields: [EventField], _ bytes: RawSpan, _ range: Range<Int>
  ) -> OtherEvent {
    OtherEvent(system: "ftrace", name: name, fields: fields, text: bytes.string(range))
  }
}
