internal import TraceModel

// Lines that are events, and the names of tasks that they report.
extension FtraceTextParser {
  mutating func add(_ frame: CodeLocation) {
    guard let cpu = lastCPU, let last = columns[cpu]?.events.last,
      case .stack(let frames) = last.payload
    else { return }
    columns[cpu]?.replaceLast(.stack(frames + [frame]))
  }

  /// Adds the event of a line; `position` is the line's number.
  mutating func add(_ found: FtraceLine, _ bytes: RawSpan, position: UInt64? = nil) {
    add(found, payload(bytes, found), bytes, position: position)
  }

  /// What the text of a line says.
  mutating func payload(_ bytes: RawSpan, _ found: FtraceLine) -> EventPayload {
    let start = found.text.lowerBound
    return payload(
      bytes, start..<bytes.trimEnd(start, found.text.upperBound), isPerf: found.isPerf)
  }

  mutating func add(
    _ found: FtraceLine, _ payload: EventPayload, _ bytes: RawSpan, position: UInt64? = nil
  ) {
    if found.isRaw { header.hasRawStamps = true }
    if found.isRelative { header.hasRelativeStamps = true }
    seen.note(found)
    let context: EventContext
    if let flags = found.flags {
      if flags.count > header.flagWidth { header.flagWidth = flags.count }
      context = flagColumns.context(flags, bytes)
      if !seen.isPipelined, FlagColumns.isPipelined(flags, bytes) { seen.isPipelined = true }
    } else {
      context = EventContext(
        flags: found.verboseFlags?.flags ?? 0, preemptCount: found.verboseFlags?.depth ?? 0)
    }
    name(found.pid, found.comm, bytes)
    let position = position ?? line
    append(
      TraceEvent(
        time: Nanoseconds(found.hasTime ? found.time : Int64(clamping: position)), cpu: found.cpu,
        pid: found.pid, context: context, payload: payload, position: position))
    isInChain = found.isPerf
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
    if damage != nil || remarksSinceEvent > 0 { closeGap(event) }
    columns[event.cpu, default: FtraceTextColumn()].append(event)
    eventCount += 1
    lastCPU = event.cpu
    if case .stack = event.payload { isInStack = true } else { isInStack = false }
  }

  /// What was damaged or left out before an event is a gap up to it; remarks are none.
  private mutating func closeGap(_ event: TraceEvent) {
    if eventCount > 0 { remarkCount += remarksSinceEvent }
    remarksSinceEvent = 0
    guard let found = damage, let cpu = lastCPU, let before = columns[cpu]?.events.last?.time
    else { return }
    let gap = TimelineGap(
      span: TimeSpan(before, event.time), cause: .damaged("line \(found.line): \(found.text)"))
    let cpus = found.isLeftOut ? Set(columns.keys).union([event.cpu]) : [cpu, event.cpu]
    for cpu in cpus { columns[cpu, default: FtraceTextColumn()].gaps.append(gap) }
    damage = nil
  }

  /// Takes the last event away: its line goes on in the next one.
  mutating func removeLastEvent() {
    guard let cpu = lastCPU, columns[cpu]?.events.popLast() != nil else { return }
    eventCount -= 1
  }

  /// Notes a task's name; the latency format cuts it to eight characters, so the longest is kept.
  mutating func name(_ pid: Int32, _ comm: Range<Int>, _ bytes: RawSpan) {
    guard pid > 0, !comm.isEmpty, !bytes.matches("<...>", at: comm.lowerBound, comm.upperBound)
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
    if task.pid > 0, !task.comm.isEmpty, comms[task.pid] != task.comm {
      comms[task.pid] = task.comm
    }
  }
}
