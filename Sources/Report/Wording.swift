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
      case .noise: "noise of \(amount) instead of \(sample.task.text)"
      case .lateness(let work): work.headline(amount, of: sample.task)
      }
    var line = measured
    if let threshold = sample.threshold { line += " (threshold \(threshold.microseconds) us)" }
    line += ": \(Self.clause(of: culprit, in: analysis))"
    if known { line += ", \(culprit.claimed.microseconds) us" }
    line += " (\(culprit.culprit.rawValue)" + (known ? ", \(culprit.confidence.rawValue))" : ")")
    headline = line

    var short = "breaktrace: \(amount): \(culprit.culprit.rawValue)"
    if known { short += ", \(culprit.confidence.rawValue)" }
    subject = short
  }

  /// What was measured if it is not a wakeup, in a sentence; nil for a wakeup.
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
        + "\(sample.task.text). The trace does not show whether a thread waited for the end."
    case .noise:
      return "\(sample.task.text) measured noise \(place)."
    case .lateness(let work): return work.sentence(place, of: sample.task)
    }
  }

  private static func priority(of sample: WakeupSample) -> String {
    switch sample.policy {
    case .fifo, .rr: "at priority \(sample.priority)"
    case .deadline: "as a deadline task"
    case .other: "as a normal task"
    case .batch: "as a batch task"
    case .idle: "as an idle-class task"
    case nil: sample.priority > 0 ? "at priority \(sample.priority)" : "of \(sample.task.text)"
    }
  }

  /// From where to where a segment extends.
  static func reach(of segment: String) -> String {
    switch Segment.Name(rawValue: segment) {
    case .timer: "expiry to interrupt entry"
    case .irq: "interrupt entry to waking"
    case .enqueue: "waking to enqueue"
    case .schedule: "enqueue to switch"
    case .return: "switch to return to user space"
    case .clockRead: "return to clock reading"
    case .unexplained, nil: "not bounded by events"
    }
  }

  /// What happened, with its name, as a clause without a full stop.
  static func clause(of finding: Finding, in analysis: SpikeAnalysis) -> String {
    let phrase = finding.culprit.phrase
    let title = title(of: finding, in: analysis)
    guard !title.isEmpty else { return phrase }
    switch finding.culprit {
    case .hypervisor, .hardwareStall, .unknown: return phrase
    case .irqsOff, .preemptOff, .nonPreemptibleKernel, .printkConsole:
      return "\(phrase) in \(title)"
    case .hardIRQ, .nmi, .softirq, .rcu, .ownOutput: return "\(title) ran"
    case .higherPriorityTask: return "\(title) ran at a higher priority"
    case .samePriorityTask: return "\(title) ran at the same priority"
    case .priorityInversion: return "\(title) held a lock and was boosted"
    case .runQueue: return "\(title) ran while the thread waited on the run queue"
    case .irqThread: return "\(title) ran as an IRQ thread"
    // The name is that of the measured thread itself if it is a real-time thread.
    case .rtThrottling:
      return finding.name == analysis.sample.task.text
        ? "\(title) was throttled" : "\(title) ran until it was throttled"
    case .deadlineServer:
      return finding.name == analysis.sample.task.text
        ? "the deadline server ran normal tasks instead of \(title)"
        : "\(title) ran until the deadline server ran the thread"
    case .stopMachine:
      return title.hasPrefix("task ")
        ? "\(title) ran as the stopper thread" : "the stopper thread ran \(title)"
    case .memoryReclaim where title.hasPrefix("task "): return "\(title) reclaimed memory"
    case .stackedTimers: return "\(title) ran first"
    case .tickWork: return "the tick ran first, in \(title)"
    case .lateKworker: return "\(title) was scheduled late"
    case .blocked: return "\(phrase) in \(title)"
    case .softirqDeferred: return "softirq \(title) was deferred to its thread"
    case .interruptStorm: return "\(title) was raised continuously"
    case .crossCPUCall: return "\(title) sent a call to this CPU"
    case .isolationBroken: return "\(title) ran on an isolated CPU"
    default: return "\(phrase) (\(title))"
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
    if name == "<idle>" { return "the idle task" }
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
    case .proven: "proven: events show where it begins and ends"
    case .likely:
      "likely: the events support it best, but do not prove it"
    case .possible:
      "possible: the events support it, but another cause is not ruled out or events are missing"
    case .unexplained: "unexplained: no known cause explains this time"
    }
  }
}
