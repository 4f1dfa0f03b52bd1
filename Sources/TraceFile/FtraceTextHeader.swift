internal import RingBuffer
public import TraceModel

/// What the comment lines of an ftrace text say.
public struct FtraceTextHeader: Hashable, Sendable {
  /// The tracer's name (`nop`, `irqsoff`), empty where no header names it.
  public var tracer = ""
  /// `entries-in-buffer`, or the first number of `#4/4` in a latency header.
  public var entriesInBuffer: UInt64?
  /// `entries-written`, or the second number of `#4/4`.
  public var entriesWritten: UInt64?
  /// `#P:N`, the number of online CPUs.
  public var cpuCount: Int?
  /// The latency tracer's own header, nil for other tracers.
  public var latency: LatencyHeader?
  /// The legend of the flag columns from left to right (`irqs-off`, `need-resched`, …), where it is
  /// there.
  public var flagColumns: [String] = []
  /// The most flags that a line has between CPU and time.
  public var flagWidth = 0
  /// Whether the stamps are not nanoseconds (`counter`, `uptime`, `x86-tsc`): they are kept as
  /// numbers.
  public var hasRawStamps = false
  /// Whether the stamps are relative to the first event of the section (latency format).
  public var hasRelativeStamps = false

  /// Empty.
  public init() {}
}

/// The header that latency tracers print.
public struct LatencyHeader: Hashable, Sendable {
  /// The recorded maximum.
  public var latency: Nanoseconds
  /// The CPU of the section.
  public var cpu: Int?
  /// The preemption model as the kernel names it (`preempt_rt`), empty where it is not reported.
  public var preemptionModel = ""
  /// The kernel's release, empty where it is not reported.
  public var release = ""
  /// The task of the section, nil where it is not reported; the comm may itself be cut.
  public var task: TaskIdentity?
  /// The task's `policy` number.
  public var policy: Int32?
  /// The task's `rt_prio`.
  public var realtimePriority: Int32?
  /// The task's `nice` value.
  public var nice: Int32?
  /// `=> started at:`, empty where the tracer has none.
  public var startedAt = ""
  /// `=> ended at:`, empty where the tracer has none.
  public var endedAt = ""

  /// Makes a header of a latency alone.
  public init(latency: Nanoseconds) { self.latency = latency }
}

extension FtraceTextHeader {
  /// Whether a line is one of a header although its sign is missing: a key that no event has, or
  /// the legend.
  static func isBare(_ bytes: RawSpan, _ line: Range<Int>) -> Bool {
    let end = line.upperBound
    var start = line.lowerBound
    while start < end, RawSpan.isBlank(bytes.byte(start)) || bytes.byte(start) == 124 {
      start += 1
    }
    if bytes.matches("tracer: ", at: start, end) || bytes.matches("=> started at: ", at: start, end)
      || bytes.matches("=> ended at: ", at: start, end)
    {
      return true
    }
    if bytes.matches("latency: ", at: start, end) {
      return bytes.find(" us", start, end) != nil
    }
    if bytes.matches("task: ", at: start, end) {
      return bytes.find(" (uid:", start, end) != nil || bytes.find(", CPU#", start, end) != nil
        || bytes.find(", uid:", start, end) != nil
    }
    return bytes.find(" latency trace v", start, end) != nil
      || bytes.find("-=> ", start, end) != nil || bytes.find("||||", start, end) != nil
      || bytes.matches("entries-in-buffer/entries-written: ", at: start, end)
      || (bytes.find("PID", start, end) != nil && bytes.find("CPU", start, end) != nil
        && bytes.find("FUNCTION", start, end) != nil)
  }

  /// Takes one comment line, without its line end; lines that say nothing here are left out.
  mutating func take(_ line: String) {
    let text = line.drop { $0 == "#" || $0 == " " || $0 == "\t" || $0 == "|" }
    takeJoined(text)
    if text.hasPrefix("tracer: ") {
      if tracer.isEmpty || tracer == "nop" { tracer = Self.word(text.dropFirst(8)) }
    } else if text.hasPrefix("entries-in-buffer/entries-written: ") {
      let words = text.split(separator: " ")
      let counts = words.dropFirst().first?.split(separator: "/") ?? []
      entriesInBuffer = counts.first.flatMap { UInt64($0) }
      entriesWritten = counts.last.flatMap { UInt64($0) }
      takeCPUCount(text)
    } else if text.hasPrefix("latency: ") {
      takeLatency(text)
    } else if let range = text.range(of: " latency trace v") {
      if tracer.isEmpty { tracer = Self.word(text) }
      pending.release = Self.after(" on ", in: text[range.upperBound...]).map(Self.word) ?? ""
    } else if text.hasPrefix("task: ") {
      takeTask(text.dropFirst(6))
    } else if let value = Self.after("=> started at: ", in: text) {
      pending.startedAt = Self.function(value)
    } else if let value = Self.after("=> ended at: ", in: text) {
      pending.endedAt = Self.function(value)
    } else if let value = Self.after("=> ", in: text), line.contains("-=> ") {
      flagColumns.append(Self.word(value))
    } else if text.hasSuffix("delay"), !flagColumns.isEmpty, !flagColumns.contains("delay") {
      flagColumns.append("delay")
    }
  }

  /// What comes after another key on the same line: somebody joined them.
  private mutating func takeJoined(_ text: Substring) {
    if let place = text.range(of: " latency: "), text[place.upperBound...].contains(" us") {
      takeLatency(text[place.lowerBound...].drop { $0 == " " })
    }
    if let place = text.range(of: " task: ") { takeTask(text[place.upperBound...]) }
    if !text.hasPrefix("=> "), let value = Self.after("=> started at: ", in: text) {
      pending.startedAt = Self.function(value)
    }
    if let place = text.range(of: " => ended at: ") {
      pending.endedAt = Self.function(text[place.upperBound...])
    }
  }

  /// The latency header, also where the line that makes it comes later or is missing.
  private var pending: LatencyHeader {
    get { latency ?? LatencyHeader(latency: .zero) }
    set { latency = newValue }
  }

  /// A function's name without its offset.
  private static func function(_ text: some StringProtocol) -> String {
    let word = word(text)
    return word.firstRange(of: "+0x").map { String(word[..<$0.lowerBound]) } ?? word
  }

  private mutating func takeLatency(_ text: Substring) {
    var header = latency ?? LatencyHeader(latency: .zero)
    let words = text.split(separator: " ")
    header.latency = Nanoseconds(
      microseconds: words.dropFirst().first.flatMap { Int64($0) } ?? 0)
    for word in words {
      if word.hasPrefix("#"), word.contains("/") {
        let counts = word.dropFirst().split(separator: "/")
        entriesInBuffer = counts.first.flatMap { UInt64($0) }
        entriesWritten = counts.last.flatMap { UInt64($0.prefix { $0.isNumber }) }
      } else if word.hasPrefix("CPU#") {
        header.cpu = Int(word.dropFirst(4).prefix { $0.isNumber })
      } else if word.hasPrefix("(M:") {
        header.preemptionModel = String(word.dropFirst(3).prefix { $0 != ")" && $0 != "," })
      }
    }
    latency = header
    takeCPUCount(text)
  }

  private mutating func takeCPUCount(_ text: Substring) {
    if let value = Self.after("#P:", in: text) { cpuCount = Int(value.prefix { $0.isNumber }) }
  }

  /// `irq_test-99 (uid:0 nice:0 policy:0 rt_prio:0)`
  private mutating func takeTask(_ text: Substring) {
    guard text.contains(" (uid:") else { return takeOldTask(text) }
    guard let open = text.range(of: " (uid:"),
      let dash = text[..<open.lowerBound].lastIndex(of: "-"),
      let pid = Int32(text[text.index(after: dash)..<open.lowerBound])
    else { return }
    var header = latency ?? LatencyHeader(latency: .zero)
    header.task = TaskIdentity(pid: pid, comm: String(text[..<dash]))
    func number(_ key: String) -> Int32? {
      guard let value = Self.after(key, in: text[open.lowerBound...]) else { return nil }
      return Int32(value.prefix { $0.isNumber || $0 == "-" })
    }
    header.nice = number("nice:")
    header.policy = number("policy:")
    header.realtimePriority = number("rt_prio:")
    latency = header
  }

  /// `ksoftirqd/0/2, CPU#0`, as the first latency tracers had it.
  private mutating func takeOldTask(_ text: Substring) {
    guard let comma = text.firstIndex(of: ","),
      let slash = text[..<comma].lastIndex(of: "/"),
      let pid = Int32(text[text.index(after: slash)..<comma])
    else { return }
    pending.task = TaskIdentity(pid: pid, comm: String(text[..<slash]))
    if let cpu = Self.after("CPU#", in: text) { pending.cpu = Int(cpu.prefix { $0.isNumber }) }
  }

  private static func word(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " }.prefix { $0 != " " && $0 != "\t" })
  }

  private static func after(_ key: String, in text: Substring) -> Substring? {
    text.range(of: key).map { text[$0.upperBound...] }
  }
}

extension Substring {
  /// Where `other` is first.
  func range(of other: String) -> Range<Index>? { firstRange(of: other) }
}
