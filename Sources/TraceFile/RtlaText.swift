internal import RingBuffer

/// What rtla's auto-analysis prints when timerlat hit its threshold, as the lines of the trace that
/// it was made of.
///
/// It has times, the blocking thread and its stack, but no events: those are in the trace file
/// beside it.
enum RtlaText {
  /// What the report says of it.
  static let note =
    "rtla's analysis contains times and a stack, but no events; use the timerlat_trace.txt that rtla "
    + "writes"

  /// When the timer of a cycle expired: any second does.
  private static let expiry: Int64 = 1_000_000_000
  private static let limit = 1_024 * 1_024

  /// One analysis.
  private struct Analysis {
    var cpu: Int64 = 0
    var delay: Int64?
    var irqLatency: Int64?
    var irqDuration: Int64?
    var threadLatency: Int64?
    var thread: (name: String, pid: String, time: Int64)?
    /// Names of what interfered, with the kind of noise and the time.
    var noises: [(kind: String, name: String, time: Int64)] = []
    var frames: [String] = []
  }

  /// The lines of a trace for the analyses in a text; nil where there is none.
  static func lines(_ bytes: RawSpan) -> [UInt8]? {
    guard bytes.byteCount <= limit,
      bytes.find("IRQ handler delay:", 0, bytes.byteCount) != nil,
      bytes.find("Thread latency:", 0, bytes.byteCount) != nil
        || bytes.find("IRQ latency:", 0, bytes.byteCount) != nil
    else { return nil }
    var found: [Analysis] = []
    var noise: String?
    var isInStack = false
    var start = 0
    while start < bytes.byteCount {
      let end = bytes.find(10, start, bytes.byteCount) ?? bytes.byteCount
      let line = bytes.string(start..<end)
      start = end + 1
      let text = line.drop { $0 == " " || $0 == "\t" || $0 == ">" }
      if text.hasPrefix("## CPU ") {
        found.append(Analysis())
        found[found.count - 1].cpu = Int64(text.dropFirst(7).prefix { $0.isNumber }) ?? 0
      } else if text.hasPrefix("IRQ handler delay:"), found.isEmpty || found.last?.delay != nil {
        found.append(Analysis())
      }
      guard !found.isEmpty else { continue }
      take(text, &found[found.count - 1], &noise, &isInStack)
    }
    let lines = found.enumerated().flatMap { Self.lines($1, number: $0 + 1) }
    guard !lines.isEmpty else { return nil }
    return Array((["# tracer: timerlat"] + lines).joined(separator: "\n").utf8)
  }

  private static func take(
    _ text: Substring, _ analysis: inout Analysis, _ noise: inout String?, _ isInStack: inout Bool
  ) {
    if isInStack, text.hasPrefix("-> ") {
      analysis.frames.append(String(text.dropFirst(3).prefix { $0 != " " && $0 != "\r" }))
      return
    }
    isInStack = false
    let time = microseconds(text)
    if text.hasPrefix("IRQ handler delay:") {
      analysis.delay = time
    } else if text.hasPrefix("IRQ latency:") {
      analysis.irqLatency = time
    } else if text.hasPrefix("Timerlat IRQ duration:") {
      analysis.irqDuration = time
    } else if text.hasPrefix("Thread latency:") {
      analysis.threadLatency = time
    } else if text.hasPrefix("Blocking thread stack trace") {
      isInStack = true
      noise = nil
    } else if text.hasPrefix("Blocking thread:") {
      noise = "thread"
    } else if text.hasPrefix("IRQ interference") {
      noise = "irq_noise"
    } else if text.hasPrefix("Softirq interference") {
      noise = "softirq_noise"
    } else if text.hasPrefix("NMI interference") {
      noise = "nmi_noise"
    } else if text.hasPrefix("Thread interference") || text.hasPrefix("---") {
      noise = nil
    } else if let kind = noise, let time, let blank = text.firstIndex(of: " ") {
      // A thread's name may hold blanks: its number ends it.
      let name = kind == "thread" ? thread(text) : (String(text[..<blank]), "")
      guard let name else { return }
      if kind != "thread" {
        analysis.noises.append((kind, name.0, time))
      } else if time > analysis.thread?.time ?? -1 {
        analysis.thread = (name.0, name.1, time)
      }
    }
  }

  /// `COMM:PID`
  private static func thread(_ text: Substring) -> (String, String)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let pid = text[text.index(after: colon)...].prefix { $0.isNumber }
    guard Int32(pid) != nil else { return nil }
    return (String(text[..<colon]), String(pid))
  }

  /// The nanoseconds of the first `N.NN us` of a line.
  private static func microseconds(_ text: Substring) -> Int64? {
    guard let unit = text.range(of: " us") else { return nil }
    let number = text[..<unit.lowerBound].split(separator: " ").last ?? ""
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = Int64(parts.first ?? ""), whole >= 0, whole < 1_000_000_000 else {
      return nil
    }
    guard parts.count == 2 else { return parts.count == 1 ? whole * 1_000 : nil }
    guard let part = Int64(parts[1]), part >= 0, (1...3).contains(parts[1].utf8.count) else {
      return nil
    }
    let scale: [Int64] = [100, 10, 1]
    return whole * 1_000 + part * scale[parts[1].utf8.count - 1]
  }

  private static func stamp(_ offset: Int64, _ number: Int) -> String {
    let time = expiry * Int64(number) + offset
    let rest = "\(time % 1_000_000_000)"
    return "\(time / 1_000_000_000)." + String(repeating: "0", count: 9 - rest.utf8.count) + rest
  }

  private static func lines(_ analysis: Analysis, number: Int) -> [String] {
    guard let delay = analysis.delay else { return [] }
    let irq = analysis.irqLatency ?? delay
    let latency = analysis.threadLatency ?? irq
    guard latency > 0, latency < 1_000_000_000, irq <= latency else { return [] }
    let digits = "\(analysis.cpu)"
    let cpu =
      "[" + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits + "]"
    let blocker = "\(analysis.thread?.name ?? "<idle>")-\(analysis.thread?.pid ?? "0")"
    let own = "timerlat/\(analysis.cpu)-\(Int32.max - Int32(clamping: number))"
    func line(_ task: String, _ flags: String, _ offset: Int64, _ text: String) -> String {
      "\(task) \(cpu) \(flags) \(stamp(offset, number)): \(text)"
    }
    var lines = [line(blocker, ".....", 0, "rtla_analysis: the timer expired")]
    lines.append(
      line(blocker, "d.h..", irq, "#\(number) context    irq timer_latency \(irq) ns"))
    if let duration = analysis.irqDuration, duration > 0 {
      lines.append(
        line(
          blocker, "d.h..", min(max(irq, delay + duration), latency),
          "irq_noise: local_timer:236 start \(stamp(delay, number)) duration \(duration) ns"))
    }
    if analysis.threadLatency != nil {
      lines.append(
        line(own, ".....", latency, "#\(number) context thread timer_latency \(latency) ns"))
    }
    if !analysis.frames.isEmpty {
      lines.append(line(own, ".....", latency, "<stack trace>"))
      lines += analysis.frames.map { " => \($0)" }
    }
    return lines
  }
}
