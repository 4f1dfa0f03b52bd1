internal import TraceModel

// Lines that are events, and the names of tasks that they tell.
extension FtraceTextParser {
  mutating func add(_ frame: CodeLocation) {
    guard let cpu = lastCPU, let last = columns[cpu]?.events.last,
      case .stack(let frames) = last.payload
    else { return }
    columns[cpu]?.replaceLast(.stack(frames + [frame]))
  }

  mutating func add(_ found: FtraceLine, _ bytes: RawSpan) {
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

  mutating func add(_ found: FtraceGraphLine, _ bytes: RawSpan) {
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

  mutating func append(_ event: TraceEvent) {
    let before = lastCPU.flatMap { columns[$0]?.events.last?.time }
    if let found = damage, let cpu = lastCPU, let before {
      let gap = TimelineGap(
        span: TimeSpan(before, event.time),
        cause: .damaged("line \(found.line): \(found.text)"))
      columns[cpu]?.gaps.append(gap)
      if cpu != event.cpu { columns[event.cpu, default: FtraceTextColumn()].gaps.append(gap) }
      damage = nil
    }
    columns[event.cpu, default: FtraceTextColumn()].append(event)
    eventCount += 1
    lastCPU = event.cpu
    if case .stack = event.payload { isInStack = true } else { isInStack = false }
  }

  /// Notes a task's name; the latency format cuts it to eight characters, so the longest is kept.
  mutating func name(_ pid: Int32, _ comm: Range<Int>, _ bytes: RawSpan) {
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

  func same(_ text: String, _ range: Range<Int>, _ bytes: RawSpan) -> Bool {
    var index = range.lowerBound
    for byte in text.utf8 {
      if byte != bytes.byte(index) { return false }
      index += 1
    }
    return true
  }

  mutating func name(_ task: TaskIdentity) {
    if task.pid != 0, !task.comm.isEmpty, comms[task.pid] != task.comm {
      comms[task.pid] = task.comm
    }
  }

  /// What a line's text says.
  mutating func payload(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload {
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
