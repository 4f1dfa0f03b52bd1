internal import TraceModel

// What events and tracers print after a line's head.
extension FtraceTextParser {
  /// What a line's text says. A name of perf script has the event's system in front, and may follow
  /// a number.
  mutating func payload(
    _ bytes: RawSpan, _ range: Range<Int>, isPerf: Bool = false
  ) -> EventPayload {
    isIncomplete = false
    if isPerf, let found = LooseText.name(bytes, range) {
      return payload(bytes, name: found.name, text: found.end..<range.upperBound)
    }
    let end = range.upperBound
    var colon = range.lowerBound
    while colon < end, RawSpan.isWord(bytes.byte(colon)) { colon += 1 }
    // No event's name begins with a digit: `150:  0:S` is a task with a padded priority.
    guard colon > range.lowerBound, colon < end, bytes.byte(colon) == 58,
      !RawSpan.isDigit(bytes.byte(range.lowerBound)),
      colon + 1 == end || RawSpan.isBlank(bytes.byte(colon + 1))
    else {
      isIncomplete = range.isEmpty
      return tracerPayload(bytes, range)
    }
    return payload(bytes, name: range.lowerBound..<colon, text: colon + 1..<end)
  }

  /// The digits after the last `key`, as they are in the text.
  private static func digits(_ key: StaticString, _ bytes: RawSpan, _ text: Range<Int>) -> String {
    guard let place = bytes.findLast(key, text.lowerBound, text.upperBound) else { return "" }
    let start = place + key.utf8CodeUnitCount
    return bytes.string(start..<bytes.wordEnd(start, text.upperBound))
  }

  /// What an event says; `rest` begins after the colon.
  private mutating func payload(
    _ bytes: RawSpan, name range: Range<Int>, text rest: Range<Int>
  ) -> EventPayload {
    let number = names.entry(range, bytes)
    let entry = names.entries[number]
    let end = rest.upperBound
    let text = bytes.skipBlanks(rest.lowerBound, end)..<end
    if let payload = EventText.payload(entry.kind, bytes, text) {
      switch payload {
      case .switched(let event):
        name(event.previous)
        name(event.next)
        seen.note(event.previous, event.previousPriority) { Self.digits("prev_prio=", bytes, text) }
        seen.note(event.next, event.nextPriority) { Self.digits("next_prio=", bytes, text) }
      case .waking(let event), .wakeup(let event), .wakeupNew(let event):
        name(event.task)
        seen.note(event.task, event.priority) { Self.digits("prio=", bytes, text) }
        seen.noteWoken(event.task, event.priority)
      default: break
      }
      return payload
    }
    switch entry.kind {
    case .marker:
      // The text as it was written, blanks included.
      return .marker(bytes.string(min(rest.lowerBound + 1, end)..<end))
    case .function:
      if let call = TracerText.function(bytes, text) { return .other(call) }
    case .graphEntry, .graphExit:
      if let call = TracerText.graphCall(bytes, text) { return .other(call) }
    case .ipi: return .other(TracerText.crossCall(entry.name, bytes, text))
    default: break
    }
    if let noise = TracerText.noise(entry.name, bytes, rest) { return .other(noise) }
    isIncomplete = text.isEmpty || EventNames.isKnown(entry.name)
    return .other(
      OtherEvent(
        system: "", name: entry.name, fields: TracerText.pairs(bytes, text),
        text: bytes.string(text)))
  }

  func tracerPayload(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload {
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
