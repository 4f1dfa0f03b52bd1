internal import RingBuffer
internal import TraceModel

/// The calls of functions with the most net time, by what function_graph writes at their begins and
/// ends.
struct LongestCalls<Name: Hashable> {
  /// A call that returned.
  struct Call: Hashable {
    var name: Name
    /// Its own time.
    var time: Nanoseconds
    var end: Nanoseconds
    var cpu: Int
    var line: UInt64 = 0
  }

  /// A call that has not returned.
  private struct Open {
    var name: Name
    /// What its callees took.
    var inner: Nanoseconds = .zero
  }

  /// The longest first, of equal ones the first one first; three at most. Of a call whose begin is
  /// not in the trace nobody knows what it called before: such calls are given only where there are
  /// no others.
  var longest: [Call] { whole.isEmpty ? cutOff : whole }
  private var whole: [Call] = []
  private var cutOff: [Call] = []
  /// By the task, since a task may leave the CPU within a call.
  private var open: [Int32: [Open]] = [:]
  /// Deeper and more than any kernel's: what does not close is damage.
  private static var most: Int { 4_096 }

  /// Forgets what is open: records are missing.
  mutating func cut() { open.removeAll(keepingCapacity: true) }

  /// A function was called.
  mutating func enter(_ name: Name, pid: Int32) {
    if open.count >= Self.most || open[pid]?.count ?? 0 >= Self.most { cut() }
    open[pid, default: []].append(Open(name: name))
  }

  /// The innermost call of a task returned, of the function `name` where the record says it.
  mutating func leave(
    _ name: Name?, pid: Int32, duration: Nanoseconds?, at end: Nanoseconds, cpu: Int,
    line: UInt64 = 0
  ) {
    let call = open[pid]?.popLast()
    guard let duration else { return }
    if let outer = open[pid]?.indices.last {
      let (sum, overflow) = (open[pid]?[outer].inner.count ?? 0).addingReportingOverflow(
        duration.count)
      open[pid]?[outer].inner = Nanoseconds(overflow ? .max : sum)
    }
    guard let name = call?.name ?? name else { return }
    let (own, overflow) = duration.count.subtractingReportingOverflow(call?.inner.count ?? 0)
    let found = Call(
      name: name, time: Nanoseconds(overflow ? 0 : max(own, 0)), end: end, cpu: cpu, line: line)
    if call == nil { Self.keep(found, in: &cutOff) } else { Self.keep(found, in: &whole) }
  }

  /// Keeps a call that is one of the longest.
  mutating func keep(_ call: Call) { Self.keep(call, in: &whole) }

  private static func keep(_ call: Call, in longest: inout [Call]) {
    if longest.count == 3, call.time <= longest[2].time { return }
    let place = longest.firstIndex { $0.time < call.time } ?? longest.endIndex
    longest.insert(call, at: place)
    if longest.count > 3 { longest.removeLast() }
  }
}

/// Reads the records of function and function_graph out of pages.
struct CallReader {
  private(set) var calls = LongestCalls<UInt64>()
  private(set) var stretches = LongestCalls<UInt64>()

  private let function: (id: UInt16, ip: FieldSlot)?
  private let entry: (id: UInt16, function: FieldSlot)?
  private let exit: (id: UInt16, function: FieldSlot)?
  private let called: FieldSlot?
  private let returned: FieldSlot?
  private let pid: FieldSlot?
  /// The function tracer's record before, of the same CPU.
  private var last: (ip: UInt64, pid: Int64, time: Int64)?
  /// Stamps of the entries, for records without times.
  private var entered: [Int32: [Int64]] = [:]

  init(_ decoder: TraceDecoder) {
    let schema = decoder.schema
    func slot(_ event: String, _ names: String...) -> (UInt16, FieldSlot)? {
      guard let format = schema.format(system: "ftrace", name: event) else { return nil }
      return names.lazy.compactMap { schema.slot($0, of: format) }.first.map { (format.id, $0) }
    }
    function = slot("function", "ip")
    entry = slot("funcgraph_entry", "func", "graph_ent.func")
    exit = slot("funcgraph_exit", "func", "ret.func")
    called = slot("funcgraph_exit", "calltime", "ret.calltime")?.1
    returned = slot("funcgraph_exit", "rettime", "ret.rettime")?.1
    pid = schema.formats.first.flatMap { schema.slot("common_pid", of: $0) }
  }

  mutating func cut() {
    calls.cut()
    last = nil
    entered.removeAll(keepingCapacity: true)
  }

  mutating func take(_ cpu: Int, _ page: RawSpan, _ record: RecordRef) {
    let task = pid?.integer(page, record) ?? -1
    if let before = last, before.pid == task {
      let (length, overflow) = record.stamp.subtractingReportingOverflow(before.time)
      if !overflow {
        stretches.keep(
          LongestCalls.Call(
            name: before.ip, time: Nanoseconds(length), end: Nanoseconds(before.time), cpu: cpu))
      }
    }
    last = nil
    if record.id == function?.id {
      guard task != 0, let ip = function?.ip.integer(page, record) else { return }
      last = (UInt64(bitPattern: ip), task, record.stamp)
    } else if record.id == entry?.id {
      guard let ip = entry?.function.integer(page, record) else { return }
      let pid = Int32(truncatingIfNeeded: task)
      calls.enter(UInt64(bitPattern: ip), pid: pid)
      if entered.count >= 4_096 || entered[pid]?.count ?? 0 >= 4_096 { entered.removeAll() }
      entered[pid, default: []].append(record.stamp)
    } else if record.id == exit?.id {
      let pid = Int32(truncatingIfNeeded: task)
      let start = called?.integer(page, record) ?? entered[pid]?.last ?? record.stamp
      _ = entered[pid]?.popLast()
      let end = returned?.integer(page, record) ?? record.stamp
      let (length, overflow) = end.subtractingReportingOverflow(start)
      calls.leave(
        (exit?.function.integer(page, record)).map { UInt64(bitPattern: $0) }, pid: pid,
        duration: overflow || length < 0 ? nil : Nanoseconds(length),
        at: Nanoseconds(record.stamp), cpu: cpu)
    }
  }
}
