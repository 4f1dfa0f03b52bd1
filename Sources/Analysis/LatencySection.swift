public import TraceModel

/// A stretch that a latency tracer measured: begin and end of a section with interrupts or
/// preemption disabled, or of the wakeup of one task.
public struct LatencySection: Hashable, Sendable {
  /// `irqsoff`, `preemptoff`, `preemptirqsoff`, `wakeup`, `wakeup_rt`, `wakeup_dl`; `irq_disable`
  /// or `preempt_disable` for one that was read from the events of the preemptirq system.
  public var tracer: String
  /// The CPU.
  public var cpu: Int
  /// From when to when, on the clock of the events.
  public var span: TimeSpan
  /// Function in which it began, empty where it is not known.
  public var startFunction: String
  /// Function in which it ended, empty where it is not known.
  public var endFunction: String
  /// The task that the tracer names (in the wakeup family the one that was woken), nil where it is
  /// not known.
  public var task: TaskIdentity?
  /// Functions of the stack at its end, innermost first; the wakeup tracers write one at the
  /// switch. Empty where there is none.
  public var endStack: [String]

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    tracer: String, cpu: Int, span: TimeSpan, startFunction: String = "", endFunction: String = "",
    task: TaskIdentity? = nil, endStack: [String] = []
  ) {
    self.tracer = tracer
    self.cpu = cpu
    self.span = span
    self.startFunction = startFunction
    self.endFunction = endFunction
    self.task = task
    self.endStack = endStack
  }

  /// The longest section between irq_disable and irq_enable, or preempt_disable and preempt_enable,
  /// and how many there are; nil without these events.
  public static func longest(in timeline: Timeline) -> (section: LatencySection, count: Int)? {
    PreemptIRQSections.longest(timeline)
  }

  /// Shorter stretches between the events of the preemptirq system explain nothing.
  public static var least: Nanoseconds { PreemptIRQSections.least }

  /// Whether an event of the preemptirq system may belong to the sleep of the idle task, by the
  /// function that it names.
  public static func mayBeIdle(_ event: OtherEvent) -> Bool {
    PreemptIRQSections.mayBeIdle(PreemptIRQSections.caller(event))
  }

  /// Whether a function's name says only how a lock is taken or released, a clock read or the
  /// kernel entered.
  public static func isHelper(_ name: String) -> Bool {
    KernelFunctions.isHelper(KernelFunctions.bare(name))
  }

  /// Whether a line is the tracer's own, by which it says that the section has ended.
  public static func isTracersEnd(_ function: String) -> Bool {
    KernelFunctions.isTracersEnd(KernelFunctions.bare(function))
  }

  /// Whether it is about a wakeup, not about a section of code.
  var isWakeup: Bool { tracer.hasPrefix("wakeup") }

  /// The function that answers for it: where it began, unless that is a lock or tracing helper.
  var responsible: String {
    let candidates = [startFunction, endFunction].map { KernelFunctions.bare($0) }.filter {
      !$0.isEmpty
    }
    return candidates.first { !KernelFunctions.isHelper($0) } ?? candidates.first ?? ""
  }

  /// The function that answers for the section, by the stack of `code` from inside it where there
  /// is one.
  ///
  /// An unwinder by frame pointers leaves out the caller of a function whose first instruction was
  /// interrupted. A function in which the section both began and ended was on the stack all the
  /// time: where the innermost frame is a helper and that function is missing, it is the one that
  /// was left out.
  func responsible(_ code: InterruptedCode?) -> String {
    guard let named = code?.responsible?.name, !named.isEmpty else { return responsible }
    let start = KernelFunctions.bare(startFunction)
    guard !start.isEmpty, isOf(start), !KernelFunctions.isHelper(start),
      let frames = code?.frames, let first = frames.first, KernelFunctions.isHelper(first.symbol),
      !frames.contains(where: { KernelFunctions.bare($0.symbol) == start })
    else { return named }
    return start
  }

  /// Whether the section both began and ended in this function, so that nothing else needs to
  /// answer for it.
  func isOf(_ function: String) -> Bool {
    KernelFunctions.bare(startFunction) == function && KernelFunctions.bare(endFunction) == function
  }

  /// The function in which a task enabled preemption and so gave the CPU to the thread that this
  /// section of a wakeup tracer is about, where the wakeup's stack has the same function, or only
  /// its callers, after a helper, or no function but helpers; nil elsewhere.
  func ending(_ code: InterruptedCode) -> String? {
    let stack = endStack.map { KernelFunctions.bare($0) }
    guard isWakeup, let switched = stack.lastIndex(of: "__schedule") else { return nil }
    let callers = stack[(switched + 1)...]
    let path = callers.prefix(while: KernelFunctions.isHelper)
    let ended = callers.dropFirst(path.count)
    let interrupted = code.frames.map { KernelFunctions.bare($0.symbol) }
    let known = interrupted.drop(while: KernelFunctions.isHelper)
    guard
      path.contains(where: { $0.hasPrefix("preempt_schedule") && $0 != "preempt_schedule_irq" }),
      known.count < interrupted.count,
      known.isEmpty || ended.elementsEqual(known) || ended.dropFirst().elementsEqual(known)
    else { return nil }
    return ended.first
  }

  /// The function from which the scheduler was called at the end of a wakeup tracer's section: the
  /// first frame after it that is not a scheduler, lock or preemption helper; empty where there is
  /// none.
  ///
  /// Where the kernel preempted at the return from an interrupt, the frame after that is where the
  /// interrupt came, which says nothing of what lies before.
  var leftIn: String {
    let stack = endStack.map { KernelFunctions.bare($0) }
    guard isWakeup,
      let switched = stack.lastIndex(where: { $0 == "__schedule" || $0 == "schedule" })
    else { return "" }
    let callers = stack[(switched + 1)...]
    let path = callers.prefix { KernelFunctions.isHelper($0) || KernelFunctions.isOutermost($0) }
    guard
      !path.contains(where: { $0 == "preempt_schedule_irq" || KernelFunctions.isInterruptPath($0) }
      ),
      !path.contains(where: KernelFunctions.isUserReturn)
    else { return "" }
    return callers.dropFirst(path.count).first ?? ""
  }

  /// The section as evidence.
  var evidence: Evidence {
    var text = "\(span.length.microseconds) us"
    if !startFunction.isEmpty { text += ", started at \(startFunction)" }
    if !endFunction.isEmpty { text += ", ended at \(endFunction)" }
    if let task { text += ", task \(task.text)" }
    return Evidence(source: tracer, text: text, cpu: cpu)
  }
}
