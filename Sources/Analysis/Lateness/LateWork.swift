public import TraceModel

/// A stretch of a trace that was late and is not a wakeup: what it is, as far as the search that
/// found it knows.
public struct LateWork: Hashable, Sendable {
  /// What was late.
  public enum Kind: Hashable, Sendable {
    /// The task was preempted, and waited for a CPU from then on.
    case preempted
    /// The task was in uninterruptible sleep.
    case blocked
    /// A softirq was pending.
    case softirq
    /// An inter-processor interrupt was under way.
    case call
    /// A work item was queued and did not run.
    case work
    /// A timer was due and did not expire.
    case timer
    /// A hard interrupt's handler ran.
    case handler
    /// A softirq ran.
    case softirqRun
    /// A device interrupted again and again.
    case storm
    /// The task wrote no line of the function tracer after the one of `what`.
    case stretch
  }

  /// What was late.
  public var kind: Kind
  /// The name of the vector, handler or function, empty where it has none.
  public var what: String
  /// The number of the vector or interrupt.
  public var number: Int64
  /// The CPU on which it began, -1 where it is that of its end.
  public var origin: Int
  /// How many there were: interrupts of a storm.
  public var count: UInt64
  /// Whether it had not ended when the trace did.
  public var isOpen: Bool
  /// The median of its kind in the trace, nil where there are too few.
  public var typical: Nanoseconds?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    _ kind: Kind, what: String = "", number: Int64 = 0, origin: Int = -1, count: UInt64 = 1,
    isOpen: Bool = false, typical: Nanoseconds? = nil
  ) {
    self.kind = kind
    self.what = what
    self.number = number
    self.origin = origin
    self.count = count
    self.isOpen = isOpen
    self.typical = typical
  }

  /// Whether it is a wait for a CPU, which the same rules explain as a wakeup.
  public var isWait: Bool { kind == .preempted }

  /// The wait and its length in words, for a headline: `amount` is the length with the CPU.
  public func headline(_ amount: String, of task: TaskIdentity) -> String {
    switch kind {
    case .preempted: "preemption of \(task.text) for \(amount)"
    case .blocked: "uninterruptible sleep of \(task.text) for \(amount)"
    case .softirq: "delay of softirq \(what) by \(amount)"
    case .call: "delay of a cross-CPU call by \(amount)"
    case .work: "delay of work \(what) by \(amount)"
    case .timer: "timer of \(task.text) overdue by \(amount)"
    case .handler: "IRQ handler \(what) for \(amount)"
    case .softirqRun: "softirq \(what) for \(amount)"
    case .storm: "\(count) IRQs of \(what) in \(amount)"
    case .stretch: "\(amount) of \(task.text) in \(what)"
    }
  }

  /// The first sentence of a report; `place` is the length with CPU and begin.
  public func sentence(_ place: String, of task: TaskIdentity) -> String {
    let first =
      switch kind {
      case .preempted: "Task \(task.text) was preempted and did not run \(place)."
      case .blocked: "Task \(task.text) was in uninterruptible sleep \(place)."
      case .softirq: "Softirq \(what) was pending \(place)."
      case .call: "A cross-CPU call of CPU \(origin) was pending \(place)."
      case .work: "Work item \(what) was queued and did not start \(place)."
      case .timer: "A timer of \(task.text) was due and did not expire \(place)."
      case .handler: "The IRQ handler \(what) ran \(place)."
      case .softirqRun: "Softirq \(what) ran \(place)."
      case .storm: "IRQ \(what) was raised \(count) times without a pause \(place)."
      case .stretch: "Task \(task.text) entered \(what) and no other function \(place)."
      }
    return first + (isOpen ? " It had not ended when the trace ended." : "")
  }
}

extension LateWork {
  /// Whether a name is one that threads of the kernel have.
  public static func isKernelThread(_ name: String) -> Bool { KernelTasks.isKernelThread(name) }

  /// Whether a line of the function tracer is that of a function that makes another CPU run a
  /// function.
  public static func sendsCalls(_ line: OtherEvent) -> Bool {
    let words = line.text?.split(separator: " ") ?? []
    let function = line.value("ip") ?? words.first.map(String.init) ?? ""
    return KernelFunctions.sendsCalls(KernelFunctions.bare(function))
  }
}

extension SpikeCase {
  /// The event of any CPU at a time that passes a test.
  func event(at time: Nanoseconds, where test: (TraceEvent) -> Bool) -> TraceEvent? {
    for track in timeline.cpus {
      if let event = track.events(in: TimeSpan(time, time)).first(where: test) { return event }
    }
    return nil
  }

  /// The first event of any CPU in a stretch, both ends included, that passes a test.
  func firstEvent(in span: TimeSpan, where test: (TraceEvent) -> Bool) -> TraceEvent? {
    timeline.cpus.compactMap { $0.events(in: span).first(where: test) }
      .min { ($0.time, $0.cpu) < ($1.time, $1.cpu) }
  }

  /// The stack that was written for an event, innermost frame first; empty where there is none.
  func stack(of event: TraceEvent) -> [CodeLocation] {
    let soon = TimeSpan(event.time, event.time + Nanoseconds(microseconds: 200))
    var isNext = false
    for other in timeline[cpu: event.cpu]?.events(in: soon) ?? [] {
      if isNext {
        if case .stack(let frames) = other.payload { return frames }
        return []
      }
      isNext = other == event
    }
    return []
  }

  /// Who ran on the window's CPU most of the time, with the length; nil where no switch says so.
  var mostlyRan: (name: String, net: Nanoseconds)? {
    guard
      timeline[cpu: cpu]?.events.contains(where: {
        if case .switched = $0.payload { true } else { false }
      }) ?? false,
      let first = replay.ran(in: sample.window).first
    else { return nil }
    return (first.occupant.name, first.net)
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
