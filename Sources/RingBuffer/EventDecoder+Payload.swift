import TraceModel

extension EventDecoder {
  /// Makes the payload of an event from its numbers, in the order of `KnownEvent.Needs`.
  func payload(
    _ event: KnownEvent, _ values: [5 of Int64], _ page: RawSpan, _ record: RecordRef,
    _ names: AddressNames
  ) -> EventPayload? {
    let first = values[0]
    let second = values[1]
    func word(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: values[index]) }
    func bits(_ index: Int) -> UInt64 { UInt64(bitPattern: values[index]) }
    func vector() -> UInt32 { UInt32(truncatingIfNeeded: values[0]) }
    func place(_ index: Int) -> CodeLocation { names.location(bits(index)) }
    switch event {
    case .migrate:
      guard let comm = text(page, record) else { return nil }
      return .migrate(
        task: TaskIdentity(pid: word(0), comm: comm), priority: KernelPriority(word(1)),
        from: Int(values[2]), to: Int(values[3]))
    case .prioritySet:
      guard let comm = text(page, record) else { return nil }
      return .prioritySet(
        task: TaskIdentity(pid: word(0), comm: comm), old: KernelPriority(word(1)),
        new: KernelPriority(word(2)))
    case .irqEntry:
      guard let handler = text(page, record) else { return nil }
      return .irqEntry(irq: word(0), handler: handler)
    case .irqExit: return .irqExit(irq: word(0), handled: second != 0)
    case .vectorEntry: return .vectorEntry(name: shortName, vector: word(0))
    case .vectorExit: return .vectorExit(name: shortName, vector: word(0))
    case .softirqRaise: return .softirqRaise(vector: vector())
    case .softirqEntry: return .softirqEntry(vector: vector())
    case .softirqExit: return .softirqExit(vector: vector())
    case .nmi: return .nmi(handler: place(0), duration: Nanoseconds(second))
    case .hrtimerStart:
      return .hrtimerStart(
        timer: bits(0), function: place(1), expires: Nanoseconds(values[2]),
        softExpires: Nanoseconds(values[3]), mode: has(4) ? name(of: values[4], field: "mode") : "")
    case .hrtimerCancel: return .hrtimerCancel(timer: bits(0))
    case .hrtimerExpireEntry:
      return .hrtimerExpireEntry(timer: bits(0), function: place(1), now: Nanoseconds(values[2]))
    case .hrtimerExpireExit: return .hrtimerExpireExit(timer: bits(0))
    case .timerExpireEntry: return .timerExpireEntry(timer: bits(0), function: place(1))
    case .timerExpireExit: return .timerExpireExit(timer: bits(0))
    case .cpuIdle:
      let state = UInt32(truncatingIfNeeded: first)
      return .cpuIdle(state: state == .max ? nil : state, cpu: Int(second))
    case .cpuFrequency:
      return .cpuFrequency(kilohertz: UInt32(truncatingIfNeeded: first), cpu: Int(second))
    case .workQueue:
      guard let queue = text(page, record) else { return nil }
      return .workQueue(
        work: bits(0), function: place(1), workqueue: queue, requestedCPU: Int(values[2]),
        cpu: Int(values[3]))
    case .workActivate: return .workActivate(work: bits(0), function: place(1))
    case .workStart: return .workStart(work: bits(0), function: place(1))
    case .workEnd: return .workEnd(work: bits(0), function: place(1))
    case .ipiSendCPU:
      return .ipiSend(
        targets: CPUSet([Int(values[2])]), callsite: place(0), callback: place(1))
    case .ipiSendMask:
      guard let targets = cpus(page, record) else { return nil }
      return .ipiSend(targets: targets, callsite: place(0), callback: place(1))
    case .callEntry: return .functionCallEntry(function: place(0))
    case .callExit: return .functionCallExit(function: place(0))
    case .userFault: return .pageFault(user: true, address: bits(0), ip: place(1))
    case .kernelFault: return .pageFault(user: false, address: bits(0), ip: place(1))
    case .syscallEnter: return .syscallEnter(number: first, name: "")
    case .namedSyscallEnter: return .syscallEnter(number: first, name: shortName)
    case .syscallExit: return .syscallExit(number: first, name: "", result: second)
    case .namedSyscallExit: return .syscallExit(number: first, name: shortName, result: second)
    case .switched, .waking, .wakeup, .wakeupNew, .stack, .marker: return nil
    }
  }
}
