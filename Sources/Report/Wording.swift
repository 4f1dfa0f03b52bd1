import Analysis
import TraceModel

/// The words of a verdict: headline, subject line, what a name is the name of.
struct Wording {
  var subject: String
  var headline: String

  init(_ analysis: SpikeAnalysis) {
    let sample = analysis.sample
    let culprit = analysis.culprit
    let amount = "\(sample.latency.microseconds) us on CPU \(sample.cpu)"
    let known = culprit.culprit != .unknown

    let measured =
      switch analysis.subject {
      case .wakeup: "latency \(amount) \(Self.priority(of: sample))"
      case .section: "section of \(amount) in task \(sample.task.text)"
      case .noise: "noise of \(amount), in place of \(sample.task.text)"
      }
    var line = measured
    if let threshold = sample.threshold { line += " (limit \(threshold.microseconds))" }
    if case .wakeup = analysis.subject,
      let main = analysis.segments.max(by: { $0.length < $1.length }),
      let share = Share(of: main.length, in: sample.latency)
    {
      line += ": \(share.wholePercent) \(Self.place(of: main.name)); "
    } else {
      line += ": "
    }
    line += Self.sentence(of: culprit, in: analysis) + " (\(culprit.culprit.rawValue))"
    if known { line += ", \(culprit.confidence.rawValue)" }
    headline = line

    var short = "breaktrace: \(amount): \(culprit.culprit.rawValue)"
    if known { short += ", \(culprit.confidence.rawValue)" }
    subject = short
  }

  /// What was measured where that is no wake-up, as the report's first sentence; nil for a wake-up.
  static func measured(_ analysis: SpikeAnalysis) -> String? {
    let sample = analysis.sample
    let place =
      "for \(Quantity.us(sample.latency)) us on CPU \(sample.cpu), from "
      + "\(Quantity.seconds(sample.expiry)) s on"
    switch analysis.subject {
    case .wakeup: return nil
    case .section:
      let isIRQs = analysis.segments.contains { $0.name == .timer && $0.length > .zero }
      return "\(isIRQs ? "IRQs were" : "Preemption was") disabled \(place), in task "
        + "\(sample.task.text). Whether a thread waited for the end is not recorded."
    case .noise:
      return "\(sample.task.text) measured a noise: something else ran in its place \(place)."
    }
  }

  private static func priority(of sample: WakeupSample) -> String {
    switch sample.policy {
    case .fifo, .rr: "at prio \(sample.priority)"
    case .deadline: "as a deadline task"
    case .other: "as a normal task"
    case .batch: "as a batch task"
    case .idle: "as an idle-class task"
    case nil: sample.priority > 0 ? "at prio \(sample.priority)" : "of \(sample.task.text)"
    }
  }

  /// Where in the wake-up a segment lies, as it stands behind a percentage.
  static func place(of segment: Segment.Name) -> String {
    switch segment {
    case .timer: "before the timer interrupt"
    case .irq: "in the interrupt before the wake-up"
    case .enqueue: "between wake-up and run queue"
    case .schedule: "between run queue and switch"
    case .return: "between switch and return"
    case .clockRead: "between return and clock reading"
    case .unexplained: "where the trace has no events"
    }
  }

  /// From what to what a segment reaches.
  static func reach(of segment: String) -> String {
    switch Segment.Name(rawValue: segment) {
    case .timer: "expiry to interrupt entry"
    case .irq: "interrupt entry to waking"
    case .enqueue: "waking to run queue"
    case .schedule: "run queue to switch"
    case .return: "switch to return to user space"
    case .clockRead: "return to clock reading"
    case .unexplained, nil: "not bounded by events"
    }
  }

  /// What happened and to what, for the headline.
  private static func sentence(of finding: Finding, in analysis: SpikeAnalysis) -> String {
    var phrase = finding.culprit.phrase
    if phrase.hasPrefix("the ") { phrase.removeFirst(4) }
    let title = title(of: finding, in: analysis)
    switch finding.culprit {
    case _ where title.isEmpty, .hypervisor, .hardwareStall, .unknown: return phrase
    case .irqsOff, .preemptOff, .nonPreemptibleKernel: return "\(phrase) in \(title)"
    default: return "\(phrase): \(title)"
    }
  }

  /// The finding's name with the word for what it names; empty for a finding without a name.
  static func title(of finding: Finding, in analysis: SpikeAnalysis) -> String {
    let name = finding.name
    guard !name.isEmpty else { return "" }
    let isTask =
      name == analysis.sample.task.text
      || analysis.ran.contains {
        if case .task(let task, _) = $0.occupant { task.text == name } else { false }
      }
    if isTask { return "task \(name)" }
    switch finding.culprit {
    case .irqsOff, .preemptOff, .nonPreemptibleKernel, .stopMachine, .printkConsole:
      return "function \(name)"
    case .stackedTimers, .tickWork: return "timer function \(name)"
    case .lateKworker: return "work function \(name)"
    case .hardIRQ: return "interrupt \(name)"
    case .nmi: return "NMI handler \(name)"
    case .softirq, .rcu: return "softirq \(name)"
    case .hypervisor: return "hypervisor \(name)"
    case .idleExit: return "idle \(name)"
    case .higherPriorityTask, .samePriorityTask, .priorityInversion, .rtThrottling, .irqThread,
      .runQueue, .deadlineServer:
      return "task \(name)"
    default: return name
    }
  }

  /// The confidence word with its meaning.
  static func text(of confidence: Confidence) -> String {
    switch confidence {
    case .proven: "proven: direct evidence of begin and end"
    case .likely:
      "likely: it fits, and nothing else that was recorded does; what is not decided is listed"
    case .possible: "possible: it fits, but a rival is left or evidence may be missing"
    case .unexplained: "unexplained: no rule accounts for the time"
    }
  }
}
