internal import Analysis
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// An event of a histogram's synthetic wakeup latency (`wakeup_latency: lat=8 pid=2549 prio=4`),
/// which the kernel writes when the woken task gets the CPU.
///
/// Kernel: Documentation/trace/histogram.rst. Names and fields are the user's own.
struct LatencyMark: Hashable {
  /// When it was written.
  var time: Nanoseconds
  /// The CPU on which the task runs.
  var cpu: Int
  /// The event's name.
  var event: String
  /// The latency field's value, in the unit of the histogram.
  var value: Int64
  /// The unit in the name of the field.
  var unit: LatencyUnit?
  /// The woken task; -1 where no field says it.
  var pid: Int32
  /// Its name, empty where no field says it.
  var comm: String
  /// Byte offset or line number.
  var position: UInt64

  /// Reads an event; nil for an event that is not a wakeup latency. `isSynthetic` is true for an
  /// event that is known to be synthetic; otherwise the name decides.
  init?(_ event: TraceEvent, isSynthetic: Bool = false) {
    guard case .other(let other) = event.payload,
      isSynthetic || (other.system.isEmpty && Self.isNameOfOne(other.name))
    else { return nil }
    let fields = other.text.map(Self.fields) ?? other.fields
    guard let latency = fields.first(where: { Self.isLatency($0) }),
      let value = Int64(latency.value), value > 0,
      let task = fields.first(where: { Self.pids.contains($0.name) }),
      let pid = Int32(task.value), pid > 0
    else { return nil }
    time = event.time
    cpu = event.cpu
    self.event = other.name
    self.value = value
    unit = LatencyUnit(suffixOf: latency.name) ?? LatencyUnit(suffixOf: other.name)
    self.pid = pid
    comm = fields.first { Self.comms.contains($0.name) }?.value ?? ""
    position = event.position
  }

  /// Whether a name that no known event has is one for a wakeup's latency.
  private static func isNameOfOne(_ name: String) -> Bool {
    // Asked of every event of a text.
    var rest = name.utf8[...]
    while rest.count >= 4 {
      if rest.first.map({ $0 | 32 }) == UInt8(ascii: "w"),
        rest.prefix(4).elementsEqual("wake".utf8, by: { $0 | 32 == $1 })
      {
        return !known.contains(name)
      }
      rest = rest.dropFirst()
    }
    return false
  }

  private static let known: Set<String> = [
    "sched_waking", "sched_wakeup", "sched_wakeup_new", "sched_wake_idle_without_ipi",
    "dl_server_wakeup", "wakeup_source_activate", "wakeup_source_deactivate",
  ]

  private static func isLatency(_ field: EventField) -> Bool {
    let name = field.name.lowercased()
    return ["lat", "delta", "delay", "diff", "wait"].contains { name.contains($0) }
      && field.value.utf8.first.map { (48...57).contains($0) } == true
  }

  private static let pids: Set<String> = [
    "pid", "next_pid", "wake_pid", "wakee_pid", "woken_pid", "tid",
  ]
  private static let comms: Set<String> = ["comm", "next_comm", "wake_comm", "woken_comm", "task"]

  /// `name=value` words of an event's text; a value may hold blanks up to the next name.
  private static func fields(_ text: String) -> [EventField] {
    var fields: [EventField] = []
    for word in text.split(separator: " ").prefix(64) {
      if let equals = word.firstIndex(of: "="), equals != word.startIndex {
        let value = word[word.index(after: equals)...]
        fields.append(EventField(name: String(word[..<equals]), value: String(value)))
      } else if !fields.isEmpty {
        fields[fields.count - 1].value += " " + word
      }
    }
    for index in fields.indices {
      if fields[index].value.hasSuffix(",") { fields[index].value.removeLast() }
    }
    return fields
  }

  /// The length in a unit, saturated.
  func length(_ unit: LatencyUnit) -> Nanoseconds {
    let (product, overflow) = value.multipliedReportingOverflow(by: unit.rawValue)
    return Nanoseconds(overflow ? .max : product)
  }
}

/// The unit of a latency, in ns.
enum LatencyUnit: Int64 {
  case nanoseconds = 1
  case microseconds = 1_000

  /// The unit with which a field's name ends.
  init?(suffixOf name: String) {
    let small = name.lowercased()
    if small.hasSuffix("_ns") || small.hasSuffix("nsec") || small.hasSuffix("nsecs") {
      self = .nanoseconds
    } else if small.hasSuffix("_us") || small.hasSuffix("usec") || small.hasSuffix("usecs") {
      self = .microseconds
    } else {
      return nil
    }
  }

  var text: String { self == .microseconds ? "us" : "ns" }
}

/// The marks of one synthetic event.
struct LatencyMarks {
  /// The event.
  var event: String
  /// The largest first.
  private(set) var largest: [LatencyMark] = []
  /// The smallest value of all.
  private(set) var least = Int64.max
  /// How many there are.
  private(set) var count = 0

  private init(event: String) { self.event = event }

  private mutating func take(_ mark: LatencyMark, limit: Int) {
    count += 1
    least = min(least, mark.value)
    if largest.count >= limit, let last = largest.last, last.value >= mark.value { return }
    let place = largest.firstIndex { $0.value < mark.value } ?? largest.endIndex
    largest.insert(mark, at: place)
    if largest.count > limit { largest.removeLast() }
  }

  /// The marks of a trace by their event, `limit` of each; `wanted` chooses among them.
  static func all(
    in source: TraceSource, limit: Int, where wanted: (LatencyMark) -> Bool
  ) -> [LatencyMarks] {
    var found: [LatencyMarks] = []
    func take(_ mark: LatencyMark) {
      guard wanted(mark) else { return }
      if let index = found.firstIndex(where: { $0.event == mark.event }) {
        found[index].take(mark, limit: limit)
      } else if found.count < 16 {
        var marks = LatencyMarks(event: mark.event)
        marks.take(mark, limit: limit)
        found.append(marks)
      }
    }
    switch source.body {
    case .text(let text):
      guard !text.header.hasRawStamps else { return [] }
      for track in text.timeline.cpus {
        for event in track.events { LatencyMark(event).map(take) }
      }
    case .pages(let pages):
      let names = UsedFormats.names(of: "synthetic", in: pages.raw.formats).filter {
        !$0.hasPrefix(KernelWaitReader.prefix)
      }
      guard !names.isEmpty, let walk = RecordWalk(pages, of: ["synthetic": names]) else {
        return []
      }
      let ids = Set(walk.decoder.schema.formats.map(\.id))
      walk.forEach(cut: {}) { cpu, page, record in
        guard ids.contains(record.id) else { return }
        var event = walk.decoder.event(page, record, cpu: cpu)
        event.time = pages.clock.time(event.time)
        LatencyMark(event, isSynthetic: true).map(take)
      }
    }
    return found
  }
}
