internal import Analysis
internal import RingBuffer
internal import TraceModel

/// The longest section between irq_disable and irq_enable, or preempt_disable and preempt_enable,
/// in raw pages, as `LatencySection.longest` finds it in a text.
struct PagedSections {
  /// The longest one, in stamps.
  private(set) var longest: (cpu: Int, span: TimeSpan)?
  /// How many there are.
  private(set) var count = 0

  /// What an event of the system does.
  private struct Plan {
    /// Whether interrupts, else preemption.
    var isIRQs: Bool
    var begins: Bool
    var caller: FieldSlot?
    var parent: FieldSlot?
  }

  /// An open section.
  private struct Open {
    var time: Int64
    /// Whether the idle task began it.
    var isIdleTask: Bool
    /// Whether it may be the sleep of the idle task.
    var isIdle: Bool
  }

  private static let events: Set<String> = [
    "irq_disable", "irq_enable", "preempt_disable", "preempt_enable",
  ]

  /// Walks over all records; nil where the trace has no such section.
  init?(_ pages: PagedTrace) {
    guard let walk = RecordWalk(pages, of: ["preemptirq": Self.events]) else { return nil }
    var reader = Reader(walk.decoder, events: Self.events)
    walk.forEach(cut: { reader.cut() }) { reader.take($0, $1, $2) }
    guard let found = reader.longest else { return nil }
    longest = (found.cpu, TimeSpan(Nanoseconds(found.start), Nanoseconds(found.end)))
    count = reader.count
  }

  private struct Reader {
    private let decoder: TraceDecoder
    /// By the events' numbers.
    private var plans: [Plan?] = []
    private let pid: FieldSlot?
    private var irqs: Open?
    private var preemption: Open?
    /// Whether a place in the kernel may be the idle loop's.
    private var idle: [Place: Bool] = [:]
    var longest: (cpu: Int, start: Int64, end: Int64)?
    var count = 0

    private struct Place: Hashable {
      var caller: Int64
      var parent: Int64
    }

    init(_ decoder: TraceDecoder, events: Set<String>) {
      self.decoder = decoder
      let formats = decoder.schema.formats
      pid = formats.first.flatMap { decoder.schema.slot("common_pid", of: $0) }
      for format in formats where format.system == "preemptirq" && events.contains(format.name) {
        let id = Int(format.id)
        if plans.count <= id {
          plans += [Plan?](repeating: nil, count: id + 1 - plans.count)
        }
        plans[id] = Plan(
          isIRQs: format.name.hasPrefix("irq"), begins: format.name.hasSuffix("disable"),
          caller: decoder.schema.slot("caller_offs", of: format),
          parent: decoder.schema.slot("parent_offs", of: format))
      }
    }

    mutating func cut() {
      irqs = nil
      preemption = nil
    }

    mutating func take(_ cpu: Int, _ page: RawSpan, _ record: RecordRef) {
      // A task that goes to sleep disables preemption. The idle loop after it is not its section.
      if preemption?.isIdleTask == false, pid?.integer(page, record) == 0 { preemption = nil }
      guard Int(record.id) < plans.count, let plan = plans[Int(record.id)] else { return }
      let isIdle = pid?.integer(page, record) == 0
      if plan.begins {
        let open = Open(
          time: record.stamp, isIdleTask: isIdle,
          isIdle: isIdle && mayBeIdle(cpu, page, record, plan))
        if plan.isIRQs { irqs = open } else { preemption = open }
        return
      }
      guard let open = plan.isIRQs ? irqs : preemption else { return }
      if plan.isIRQs { irqs = nil } else { preemption = nil }
      if open.isIdle, !isIdle { return }
      let length = record.stamp.subtractingReportingOverflow(open.time)
      guard !length.overflow, length.partialValue >= LatencySection.least.count else { return }
      // The task that ends it is the section's.
      if isIdle, open.isIdle || mayBeIdle(cpu, page, record, plan) { return }
      count += 1
      if let longest, longest.end - longest.start >= length.partialValue { return }
      longest = (cpu, open.time, record.stamp)
    }

    private mutating func mayBeIdle(
      _ cpu: Int, _ page: RawSpan, _ record: RecordRef, _ plan: Plan
    ) -> Bool {
      let place = Place(
        caller: plan.caller?.integer(page, record) ?? 0,
        parent: plan.parent?.integer(page, record) ?? 0)
      if let known = idle[place] { return known }
      var answer = true
      if case .other(let other) = decoder.event(page, record, cpu: cpu).payload {
        answer = LatencySection.mayBeIdle(other)
      }
      // A kernel has a few hundred such places; a damaged file may have any.
      if idle.count < 4_096 { idle[place] = answer }
      return answer
    }
  }
}
