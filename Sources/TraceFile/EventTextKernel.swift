internal import TraceModel

// Interrupts, timers, work, CPUs, faults and system calls.
extension EventText {
  /// `SYMBOL+0x1c/0x20 [MODULE]`, `SYMBOL/0x0`, a bare address, or a symbol alone.
  static func location(_ bytes: RawSpan, _ range: Range<Int>) -> CodeLocation {
    var module: String?
    var end = range.upperBound
    if end > range.lowerBound, bytes.byte(end - 1) == 93,
      let open = bytes.findLast(" [", range.lowerBound, end)
    {
      module = bytes.string(open + 2..<end - 1)
      end = open
    }
    if let address = bytes.hexadecimal(range.lowerBound..<end),
      bytes.matches("0x", at: range.lowerBound, end) || end - range.lowerBound >= 8
    {
      return CodeLocation(address: address, module: module)
    }
    var offset: UInt64?
    if let slash = bytes.findLast("/0x", range.lowerBound, end) { end = slash }
    if let plus = bytes.findLast("+0x", range.lowerBound, end) {
      offset = bytes.hexadecimal(plus + 1..<end)
      end = plus
    }
    return CodeLocation(
      address: 0, symbol: bytes.string(range.lowerBound..<end), offset: offset, module: module)
  }

  /// The location after a key; a module in brackets belongs to it.
  static func location(
    _ key: StaticString, _ bytes: RawSpan, _ range: Range<Int>
  ) -> CodeLocation? {
    guard let word = bytes.value(key, range) else { return nil }
    var end = word.upperBound
    if bytes.matches(" [", at: end, range.upperBound),
      let close = bytes.find(93, end, range.upperBound)
    {
      end = close + 1
    }
    return location(bytes, word.lowerBound..<end)
  }

  /// The pointer after a key; 0 for `(____ptrval____)`, which a kernel prints until it can hash
  /// pointers.
  static func pointer(_ key: StaticString, _ bytes: RawSpan, _ range: Range<Int>) -> UInt64? {
    bytes.value(key, range).map { bytes.hexadecimal($0) ?? 0 }
  }

  private static func time(
    _ key: StaticString, _ bytes: RawSpan, _ range: Range<Int>
  ) -> Nanoseconds? {
    bytes.number(key, range).map { Nanoseconds($0) }
  }

  static func irqEntry(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let irq = bytes.number("irq=", range),
      let name = bytes.find("name=", range.lowerBound, range.upperBound)
    else { return nil }
    let handler = bytes.string(name + 5..<bytes.trimEnd(name + 5, range.upperBound))
    return .irqEntry(irq: Int32(truncatingIfNeeded: irq), handler: handler)
  }

  static func irqExit(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let irq = bytes.number("irq=", range), let result = bytes.value("ret=", range) else {
      return nil
    }
    let handled =
      bytes.matches("handled", at: result.lowerBound, result.upperBound)
      || bytes.matches("1", at: result.lowerBound, result.upperBound)
    return .irqExit(irq: Int32(truncatingIfNeeded: irq), handled: handled)
  }

  static func vector(_ bytes: RawSpan, _ range: Range<Int>) -> UInt32? {
    bytes.number("vec=", range).flatMap { UInt32(exactly: $0) }
  }

  static func nmi(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    let word = range.lowerBound..<bytes.wordEnd(range.lowerBound, range.upperBound)
    guard word.count > 2, let duration = bytes.number("delta_ns:", spaced: true, range) else {
      return nil
    }
    let name =
      bytes.matches("()", at: word.upperBound - 2, word.upperBound)
      ? word.lowerBound..<word.upperBound - 2 : word
    return .nmi(handler: location(bytes, name), duration: Nanoseconds(duration))
  }

  static func hrtimerStart(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let timer = pointer("hrtimer=", bytes, range),
      let function = location("function=", bytes, range),
      let expires = time("expires=", bytes, range)
    else { return nil }
    return .hrtimerStart(
      timer: timer, function: function, expires: expires,
      softExpires: time("softexpires=", bytes, range) ?? expires,
      mode: bytes.value("mode=", range).map { bytes.string($0) } ?? "")
  }

  static func hrtimerExpire(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let timer = pointer("hrtimer=", bytes, range),
      let function = location("function=", bytes, range), let now = time("now=", bytes, range)
    else { return nil }
    return .hrtimerExpireEntry(timer: timer, function: function, now: now)
  }

  static func cpuIdle(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let state = bytes.number("state=", range), let cpu = bytes.number("cpu_id=", range)
    else { return nil }
    let isExit = state == Int64(UInt32.max) || state < 0
    return .cpuIdle(state: isExit ? nil : UInt32(clamping: state), cpu: Int(cpu))
  }

  static func workQueue(_ bytes: RawSpan, _ range: Range<Int>) -> EventPayload? {
    guard let work = pointer("struct=", bytes, range),
      let function = location("function=", bytes, range)
    else { return nil }
    return .workQueue(
      work: work, function: function,
      workqueue: bytes.value("workqueue=", range).map { bytes.string($0) } ?? "",
      requestedCPU: Int(bytes.number("req_cpu=", range) ?? -1),
      cpu: Int(bytes.number("cpu=", range) ?? -1))
  }

  /// `work struct ffff8…: function NAME`, in old kernels without the function.
  static func work(
    _ bytes: RawSpan, _ range: Range<Int>
  ) -> (work: UInt64, function: CodeLocation)? {
    guard bytes.matches("work struct", at: range.lowerBound, range.upperBound) else { return nil }
    let start = bytes.skipBlanks(range.lowerBound + 11, range.upperBound)
    var end = bytes.wordEnd(start, range.upperBound)
    let next = end
    if end > start, bytes.byte(end - 1) == 58 { end -= 1 }
    var function = CodeLocation(address: 0)
    for key in ["function ", "function="] as [StaticString] {
      if let found = bytes.find(key, next, range.upperBound) {
        function = location(
          bytes, found + 9..<bytes.trimEnd(found + 9, range.upperBound))
        break
      }
    }
    return (bytes.hexadecimal(start..<end) ?? 0, function)
  }

  static func ipi(_ bytes: RawSpan, _ range: Range<Int>, isMask: Bool) -> EventPayload? {
    guard let callsite = location("callsite=", bytes, range),
      let callback = location("callback=", bytes, range)
    else { return nil }
    var targets: [Int] = []
    if isMask {
      guard let mask = bytes.value("cpumask=", range) else { return nil }
      var cpu = 0
      for index in mask.reversed() where bytes.byte(index) != 44 {
        guard let digit = bytes.hexadecimal(index..<index + 1), cpu < CPUSet.highest else {
          return nil
        }
        for bit in 0..<4 where digit >> UInt64(bit) & 1 != 0 { targets.append(cpu + bit) }
        cpu += 4
      }
    } else {
      guard let cpu = bytes.number("cpu=", range), cpu <= CPUSet.highest else { return nil }
      targets = [Int(cpu)]
    }
    return .ipiSend(targets: CPUSet(targets), callsite: callsite, callback: callback)
  }

  static func pageFault(_ bytes: RawSpan, _ range: Range<Int>, user: Bool) -> EventPayload? {
    guard let address = bytes.value("address=", range), let ip = location("ip=", bytes, range)
    else { return nil }
    return .pageFault(user: user, address: bytes.hexadecimal(address) ?? 0, ip: ip)
  }

  /// raw_syscalls: `NR 1 (…)` and `NR 1 = -4`; trace-cmd adds names or leaves the words as they
  /// are.
  static func systemCall(_ bytes: RawSpan, _ range: Range<Int>, isExit: Bool) -> EventPayload? {
    guard bytes.matches("NR ", at: range.lowerBound, range.upperBound) else { return nil }
    let word = range.lowerBound + 3..<bytes.wordEnd(range.lowerBound + 3, range.upperBound)
    guard let number = bytes.integer(word) else { return nil }
    guard isExit else { return .syscallEnter(number: number, name: "") }
    guard let sign = bytes.find("= ", word.upperBound, range.upperBound),
      let result = bytes.integer(
        sign + 2..<bytes.trimEnd(sign + 2, range.upperBound))
    else { return nil }
    return .syscallExit(number: number, name: "", result: result)
  }
}

extension RawSpan {
  /// The signed number after `key` and blanks.
  func number(_ key: StaticString, spaced: Bool, _ range: Range<Int>) -> Int64? {
    guard let found = find(key, range.lowerBound, range.upperBound) else { return nil }
    let start = skipBlanks(found + key.utf8CodeUnitCount, range.upperBound)
    var end = start
    if end < range.upperBound, byte(end) == 45 { end += 1 }
    while end < range.upperBound, Self.isDigit(byte(end)) { end += 1 }
    return integer(start..<end)
  }
}
