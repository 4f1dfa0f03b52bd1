public import Analysis
public import TraceModel

/// What was found of a command's waits, as text.
public enum CommandText {
  /// The whole report; `limit` chains at most.
  public static func text(
    command: String, status: Int32, threshold: Nanoseconds, calls: [SlowCall], polls: [PollBurst],
    deliveries: [Delivery], waits: [RunQueueWait], summary: RunQueueSummary, limit: Int = 10
  ) -> String {
    var lines = [
      "breaktrace run: \(Printable.text(command)): exit status \(status),"
        + " waits of at least \(RunQueueText.us(threshold)) us"
    ]
    let slept = calls.filter { isSleep($0) }
    // A call is expected to wait for data, so late calls come first.
    let late = calls.filter { !isSleep($0) && !$0.isTimeout }.sorted {
      (lateness($0), $0.span.length, $1.span.start) > (lateness($1), $1.span.length, $0.span.start)
    }
    let timeouts = calls.filter { !isSleep($0) && $0.isTimeout }
    lines += late.prefix(limit).flatMap { ["", head($0)] + $0.chains.flatMap(segments) }
    if late.count > limit { lines.append("… and \(late.count - limit) more slow calls") }
    lines += timeouts.prefix(limit).flatMap { ["", head($0)] + $0.chains.flatMap(segments) }
    if timeouts.count > limit { lines.append("… and \(timeouts.count - limit) more timeouts") }
    lines += sleeps(slept)
    for delivery in deliveries.prefix(limit) {
      lines += [
        "",
        "delivery through \(delivery.work.name), queued by"
          + " \(Printable.text(delivery.work.askedBy.text)): \(RunQueueText.milliseconds(delivery.length))",
      ]
      lines += delivery.segments.map(line)
      lines.append(total(delivery.segments))
    }
    if deliveries.count > limit {
      lines.append("… and \(deliveries.count - limit) more deliveries")
    }
    lines += own(waits, limit)
    lines += verdict(polls, deliveries, late)
    lines += RunQueueText.losses(summary)
    return lines.joined(separator: "\n") + "\n"
  }

  /// The time that the call waited for CPUs and workers.
  private static func lateness(_ call: SlowCall) -> Nanoseconds {
    call.chains.flatMap(\.segments).reduce(.zero) { sum, segment in
      switch segment.kind {
      case .waitedForCPU, .noWorker, .otherWork: sum + segment.span.length
      default: sum
      }
    }
  }

  private static func isSleep(_ call: SlowCall) -> Bool {
    ["nanosleep", "clock_nanosleep"].contains(SyscallNames.name(call)) && call.isTimeout
  }

  private static func head(_ call: SlowCall) -> String {
    let name = SyscallNames.name(call)
    let task = Printable.text(call.task.text)
    let length = RunQueueText.milliseconds(call.span.length)
    if call.isTimeout {
      return "\(name)() of \(task) took \(length) and returned \(call.result):"
        + " it timed out, no task woke it"
    }
    return "\(name)() of \(task) took \(length) and returned \(call.result)"
  }

  private static func segments(_ chain: WaitChain) -> [String] {
    chain.segments.map(line) + [total(chain.segments)]
  }

  private static func total(_ segments: [WaitChain.Segment]) -> String {
    let sum = segments.reduce(Nanoseconds.zero) { $0 + $1.span.length }
    return Quantity.pad(Quantity.us(sum), 13, right: true) + " us in total"
  }

  private static func line(_ segment: WaitChain.Segment) -> String {
    Quantity.pad(Quantity.us(segment.span.length), 13, right: true) + " us "
      + Printable.text(words(segment) + asked(segment))
  }

  /// Who had queued the work, where that was before the chain's beginning.
  private static func asked(_ segment: WaitChain.Segment) -> String {
    guard let task = segment.askedBy else { return "" }
    return "; \(task.text) had queued it \(RunQueueText.span(segment.askedBefore)) earlier"
  }

  private static func words(_ segment: WaitChain.Segment) -> String {
    let work = segment.work.map { " (\($0))" } ?? ""
    let task = segment.task.text
    switch segment.kind {
    case .ran:
      return "\(task)\(work) ran, then \(segment.ends)"
    case .waitedForCPU:
      let behind = segment.behind.isEmpty ? "" : " behind \(RunQueueText.behind(segment.behind))"
      return "\(task)\(work) waited for CPU \(segment.cpu ?? -1)\(behind)"
    case .slept: return "\(task) slept, then \(segment.ends)"
    case .noWorker: return "\(segment.work ?? "work") was queued, but no worker was awake"
    case .otherWork:
      let work = segment.behind.isEmpty ? "" : ": \(RunQueueText.behind(segment.behind))"
      return "\(task) ran other work first\(work)"
    case .timeout: return "\(task) timed out, no task woke it"
    case .device: return "\(task) waited for a device: \(segment.ends)"
    case .unknown: return "\(task): no record of what it did"
    }
  }

  private static func sleeps(_ calls: [SlowCall]) -> [String] {
    guard !calls.isEmpty else { return [] }
    let slept = calls.reduce(Nanoseconds.zero) { $0 + $1.span.length }
    return [
      "",
      "requested sleep (nanosleep): \(Quantity.count(calls.count, "time")),"
        + " \(RunQueueText.milliseconds(slept)) in total",
    ]
  }

  /// Waits for the CPU that are in no chain: the command's own tasks, whatever they were doing.
  private static func own(_ waits: [RunQueueWait], _ limit: Int) -> [String] {
    guard !waits.isEmpty else { return [] }
    let sorted = waits.sorted { ($0.latency, $1.span.end) > ($1.latency, $0.span.end) }
    var lines = [
      "", "The tasks of the command waited for a CPU \(Quantity.count(waits.count, "time")):",
    ]
    lines += sorted.prefix(limit).map { wait in
      Quantity.pad(Quantity.us(wait.latency), 13, right: true) + " us "
        + Printable.text(wait.task.text)
        + " (\(wait.cause.rawValue)) waited for CPU \(wait.cpu) behind "
        + RunQueueText.behind(wait.behind)
    }
    if waits.count > limit { lines.append("… and \(waits.count - limit) more") }
    return lines
  }

  /// The sentence that the whole is for: what the reader was ready to wait, and what it would have
  /// had to wait.
  private static func verdict(
    _ polls: [PollBurst], _ deliveries: [Delivery], _ late: [SlowCall]
  ) -> [String] {
    var lines: [String] = []
    let failed = polls.filter { !$0.succeeded }
    if let poll = (failed.isEmpty ? polls : failed).max(by: { $0.count < $1.count }) {
      let name = SyscallNames.name(number: poll.number, name: poll.name)
      lines.append(
        "retry budget \(RunQueueText.milliseconds(poll.span.length)): \(Printable.text(poll.task.text))"
          + " called \(name)() \(Quantity.count(poll.count, "time")) and got EAGAIN"
          + (poll.succeeded ? ", then it succeeded" : " each time"))
    }
    if let worst = deliveries.first {
      lines.append("worst delivery delay \(RunQueueText.milliseconds(worst.length))" + share(worst))
    }
    if let worst = late.first,
      let chain = worst.chains.max(by: { $0.span.length < $1.span.length }),
      let part = chain.segments.max(by: { $0.span.length < $1.span.length })
    {
      lines.append(
        "latest call \(SyscallNames.name(worst))() \(RunQueueText.milliseconds(worst.span.length)),"
          + " of which \(RunQueueText.milliseconds(part.span.length)): \(Printable.text(words(part)))"
      )
    }
    return lines.isEmpty ? [] : [""] + lines
  }

  private static func share(_ delivery: Delivery) -> String {
    let waits = delivery.segments.filter { $0.kind == .waitedForCPU }
    guard let part = waits.max(by: { $0.span.length < $1.span.length }) else { return "" }
    // Workers rename themselves and are shared: the function says more than the name.
    return ", of which \(RunQueueText.milliseconds(part.span.length)) "
      + "\(Printable.text(part.task.comm)) (function \(delivery.work.name)) waited for CPU "
      + "\(part.cpu ?? delivery.work.cpu) behind \(RunQueueText.behind(part.behind))"
  }
}
