internal import Analysis
internal import TraceModel

extension RunQueueEvent {
  /// Makes the event of a timeline's event for a search for lateness, which uses more of them than
  /// a replay of run queues.
  init?(lateness event: TraceEvent, labels: LabelTable) {
    func make(_ kind: Kind) -> RunQueueEvent {
      RunQueueEvent(
        kind: kind, time: event.time.count, cpu: Int32(truncatingIfNeeded: event.cpu),
        pid: event.pid)
    }
    switch event.payload {
    case .hrtimerStart(let timer, _, let expires, _, _):
      self = make(.timerArmed)
      value = Int64(bitPattern: timer)
      result = expires.count
    case .hrtimerExpireEntry(let timer, _, let now):
      self = make(.timerExpired)
      value = Int64(bitPattern: timer)
      result = now.count
    case .hrtimerExpireExit: self = make(.timerDone)
    case .cpuIdle(let state, let cpu):
      self = make(.idle)
      target = state.map { Int32(clamping: $0) } ?? -1
      other = Int32(clamping: cpu)
    case .ipiSend(let targets, _, let callback):
      self = make(.callSent)
      setTargets(targets)
      // A reschedule has no callback.
      target = callback.address != 0 || callback.name.contains("call_function") ? 1 : 0
    case .pageFault(_, let address, _):
      self = make(.pageFault)
      value = Int64(bitPattern: address)
    case .other(let other):
      guard let made = Self.other(other, make) ?? Self.function(other, make, labels) else {
        self.init(event, labels: labels)
        return
      }
      self = made
    default: self.init(event, labels: labels)
    }
  }

  private mutating func setTargets(_ targets: CPUSet) {
    for cpu in targets.cpus where cpu < 128 {
      if cpu < 64 { value |= 1 << Int64(cpu) } else { result |= 1 << Int64(cpu - 64) }
    }
  }

  private static func function(
    _ event: OtherEvent, _ make: (Kind) -> RunQueueEvent, _ labels: LabelTable
  ) -> RunQueueEvent? {
    guard event.name == "function", event.system == "ftrace", let name = event.value("ip") else {
      return nil
    }
    var made = make(.function)
    made.label = labels.number(name)
    return made
  }

  private static func other(
    _ event: OtherEvent, _ make: (Kind) -> RunQueueEvent
  ) -> RunQueueEvent? {
    switch event.name {
    case "sched_blocked_reason":
      guard let pid = event.value("pid").flatMap({ Int32($0) }) else { return nil }
      var made = make(.blockedReason)
      made.task = pid
      return made
    case "ipi_raise":
      guard let mask = event.value("target_mask") ?? event.value("target_cpus"),
        let targets = CPUSet(mask: mask)
      else { return nil }
      var made = make(.callSent)
      made.setTargets(targets)
      made.target = reason(event)
      return made
    case "ipi_entry":
      var made = make(.callTaken)
      made.target = reason(event)
      return made
    case "function":
      guard LateWork.sendsCalls(event) else { return nil }
      var made = make(.callSent)
      made.target = 2
      return made
    case "irq_disable": return make(.irqsDisabled)
    case "irq_enable": return make(.irqsEnabled)
    case "preempt_disable": return make(.preemptDisabled)
    case "preempt_enable": return make(.preemptEnabled)
    default: return nil
    }
  }

  /// What `(Function call interrupts)` means: 1 for a call, 0 for a reschedule, -1 for all else.
  private static func reason(_ event: OtherEvent) -> Int32 {
    let text = event.value("reason") ?? event.text ?? ""
    if text.contains("Function call") || text.contains("call function") { return 1 }
    return text.contains("Rescheduling") ? 0 : -1
  }
}

extension OtherEvent {
  /// The value of a field, from the fields or from the line's words.
  func value(_ name: String) -> String? {
    if let value = fields.first(where: { $0.name == name })?.value { return value }
    for word in (text ?? "").split(separator: " ") where word.hasPrefix("\(name)=") {
      return String(word.dropFirst(name.utf8.count + 1))
    }
    return nil
  }
}

extension CPUSet {
  /// Reads the kernel's mask format: hexadecimal words, highest first, parted by commas.
  init?(mask text: String) {
    var cpus: [Int] = []
    var base = 0
    // What the kernel says after it in parentheses is the reason.
    let mask = text.prefix { $0 != " " }
    for letter in mask.reversed() where letter != "," {
      guard let digit = letter.hexDigitValue, base < 4_096 else { return nil }
      for bit in 0..<4 where digit >> bit & 1 != 0 { cpus.append(base + bit) }
      base += 4
    }
    self.init(cpus)
  }
}
