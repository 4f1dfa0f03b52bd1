internal import TraceModel

extension EventText {
  /// The payload of an event of a kind; nil where the text is not of the known form.
  static func payload(
    _ kind: EventNames.Kind, _ bytes: RawSpan, _ text: Range<Int>
  ) -> EventPayload? {
    switch kind {
    case .switched: return switched(bytes, text)
    case .waking: return wake(bytes, text).map { .waking($0) }
    case .wakeup: return wake(bytes, text).map { .wakeup($0) }
    case .wakeupNew: return wake(bytes, text).map { .wakeupNew($0) }
    case .migrate: return migrate(bytes, text)
    case .prioritySet: return prioritySet(bytes, text)
    case .irqEntry: return irqEntry(bytes, text)
    case .irqExit: return irqExit(bytes, text)
    case .softirqRaise: return vector(bytes, text).map { .softirqRaise(vector: $0) }
    case .softirqEntry: return vector(bytes, text).map { .softirqEntry(vector: $0) }
    case .softirqExit: return vector(bytes, text).map { .softirqExit(vector: $0) }
    case .nmi: return nmi(bytes, text)
    case .hrtimerStart: return hrtimerStart(bytes, text)
    case .hrtimerCancel: return pointer("hrtimer=", bytes, text).map { .hrtimerCancel(timer: $0) }
    case .hrtimerExpireEntry: return hrtimerExpire(bytes, text)
    case .hrtimerExpireExit:
      return pointer("hrtimer=", bytes, text).map { .hrtimerExpireExit(timer: $0) }
    case .timerExpireEntry:
      guard let timer = pointer("timer=", bytes, text),
        let function = location("function=", bytes, text)
      else { return nil }
      return .timerExpireEntry(timer: timer, function: function)
    case .timerExpireExit:
      return pointer("timer=", bytes, text).map { .timerExpireExit(timer: $0) }
    case .cpuIdle: return cpuIdle(bytes, text)
    case .cpuFrequency:
      guard let state = bytes.number("state=", text), let cpu = bytes.number("cpu_id=", text)
      else { return nil }
      return .cpuFrequency(kilohertz: UInt32(clamping: state), cpu: Int(cpu))
    case .workQueue: return workQueue(bytes, text)
    case .workActivate:
      return work(bytes, text).map { .workActivate(work: $0.work, function: $0.function) }
    case .workStart:
      return work(bytes, text).map { .workStart(work: $0.work, function: $0.function) }
    case .workEnd: return work(bytes, text).map { .workEnd(work: $0.work, function: $0.function) }
    case .ipiSendCPU: return ipi(bytes, text, isMask: false)
    case .ipiSendMask: return ipi(bytes, text, isMask: true)
    case .callEntry: return location("func=", bytes, text).map { .functionCallEntry(function: $0) }
    case .callExit: return location("func=", bytes, text).map { .functionCallExit(function: $0) }
    case .pageFaultUser: return pageFault(bytes, text, user: true)
    case .pageFaultKernel: return pageFault(bytes, text, user: false)
    case .systemEnter: return systemCall(bytes, text, isExit: false)
    case .systemExit: return systemCall(bytes, text, isExit: true)
    case .callNameEnter(let name): return .syscallEnter(number: -1, name: name)
    case .callNameExit(let name):
      let word = text.lowerBound..<bytes.wordEnd(text.lowerBound, text.upperBound)
      guard let result = bytes.hexadecimal(word) else { return nil }
      return .syscallExit(number: -1, name: name, result: Int64(bitPattern: result))
    case .print:
      // trace-cmd: `print: FUNCTION: TEXT`, where the function is tracing_mark_write for a marker.
      guard let mark = bytes.find("tracing_mark_write: ", text.lowerBound, text.upperBound)
      else { return nil }
      return .marker(bytes.string(mark + 20..<text.upperBound))
    case .kernelStack: return .stack([])
    case .vectorEntry(let name):
      return bytes.number("vector=", text).map {
        .vectorEntry(name: name, vector: Int32(truncatingIfNeeded: $0))
      }
    case .vectorExit(let name):
      return bytes.number("vector=", text).map {
        .vectorExit(name: name, vector: Int32(truncatingIfNeeded: $0))
      }
    case .marker, .userStack, .function, .graphEntry, .graphExit, .ipi, .other: return nil
    }
  }
}
