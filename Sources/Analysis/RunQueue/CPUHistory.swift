internal import TraceModel

/// Who used a CPU lately: a ring of slices, each with one occupant on top.
struct CPUHistory {
  /// Who ran.
  struct Occupant: Hashable {
    var kind: BehindEntry.Kind
    var number: Int32
    var label: Int32 = 0
    var name = TaskName.none

    var key: UInt64 { UInt64(UInt32(bitPattern: number)) << 8 | UInt64(kind.rank) }
  }

  struct Slice {
    var start: Int64
    var end: Int64
    var occupant: Occupant
  }

  private static let size = 8_192
  private var ring: [Slice] = []
  private var next = 0
  /// The task that runs.
  private(set) var task = Occupant(kind: .unknown, number: -1)
  /// Interrupts and softirqs on top of it.
  private(set) var frames: [Occupant] = []
  /// Since when the top one runs; nil before the first event.
  private(set) var since: Int64?

  /// Stamp of the CPU's latest event.
  var latest = Int64.min

  var top: Occupant { frames.last ?? task }

  /// Ends the slice of whoever is on top.
  @_optimize(speed) private mutating func close(_ time: Int64) {
    if let since, time > since {
      let slice = Slice(start: since, end: time, occupant: top)
      if ring.count < Self.size {
        ring.append(slice)
      } else {
        ring[next] = slice
      }
      next = next + 1 == Self.size ? 0 : next + 1
    }
    since = max(time, since ?? time)
  }

  @_optimize(speed) mutating func run(_ occupant: Occupant, at time: Int64, leaving: Occupant) {
    // Before the first switch the task that leaves is who ran.
    if task.kind == .unknown { task = leaving }
    close(time)
    task = occupant
    if !frames.isEmpty { frames.removeAll(keepingCapacity: true) }
  }

  @_optimize(speed) mutating func push(_ occupant: Occupant, at time: Int64) {
    close(time)
    if frames.count < 16 { frames.append(occupant) }
  }

  @_optimize(speed) mutating func pop(
    _ kind: BehindEntry.Kind, _ number: Int32, _ label: Int32, at time: Int64
  ) {
    close(time)
    // The first one: a function of a softirq whose end was not seen ends with it.
    if let index = frames.firstIndex(where: {
      $0.kind == kind && $0.number == number && (label == 0 || $0.label == label)
    }) {
      frames.removeSubrange(index...)
    }
  }

  /// Nothing is known of the CPU before `time` any more.
  mutating func forget(at time: Int64) {
    ring.removeAll(keepingCapacity: true)
    next = 0
    frames.removeAll(keepingCapacity: true)
    task = Occupant(kind: .unknown, number: -1)
    since = time
  }

  /// The slices that overlap `[start, end)`, newest first, at most `limit`; false where the body
  /// stops.
  func visit(_ start: Int64, _ end: Int64, limit: Int, _ body: (Slice) -> Void) -> Int {
    var visited = 0
    if let since, end > since, start < end {
      body(Slice(start: max(since, start), end: end, occupant: top))
      visited += 1
    }
    var index = next
    for _ in 0..<ring.count {
      index = index == 0 ? ring.count - 1 : index - 1
      let slice = ring[index]
      if slice.end <= start || visited >= limit { break }
      if slice.start >= end { continue }
      body(
        Slice(start: max(slice.start, start), end: min(slice.end, end), occupant: slice.occupant))
      visited += 1
    }
    return visited
  }
}

extension BehindEntry.Kind {
  var rank: UInt8 {
    switch self {
    case .task: 0
    case .irq: 1
    case .softirq: 2
    case .idle: 3
    case .others: 4
    case .unknown: 5
    case .work: 6
    }
  }
}

/// Adds slices up to a list of who used the CPU, in order of first appearance.
struct BehindList {
  private struct Sum {
    var occupant: CPUHistory.Occupant
    var net: Int64
    var count: Int
    var first: Int64
  }

  /// More names than a line can hold help nobody.
  static let longest = 12
  private var sums: [Sum] = []
  private var index: [UInt64: Int] = [:]
  private var known: Int64 = 0

  mutating func add(_ slice: CPUHistory.Slice) {
    let length = slice.end - slice.start
    guard length > 0 else { return }
    known += length
    let key =
      slice.occupant.label != 0
      ? slice.occupant.key ^ UInt64(UInt32(bitPattern: slice.occupant.label)) << 40
      : slice.occupant.key
    if let at = index[key] {
      sums[at].net += length
      sums[at].count += 1
      sums[at].first = min(sums[at].first, slice.start)
    } else {
      index[key] = sums.count
      sums.append(Sum(occupant: slice.occupant, net: length, count: 1, first: slice.start))
    }
  }

  /// The entries of a wait of `length` ns.
  func entries(length: Int64, labels: LabelTable) -> [BehindEntry] {
    var kept = sums.filter { $0.occupant.kind != .unknown }
    var folded: (net: Int64, count: Int) = (0, 0)
    if kept.count > Self.longest {
      kept.sort { ($0.net, $1.first) > ($1.net, $0.first) }
      for sum in kept[Self.longest...] {
        folded.net += sum.net
        folded.count += 1
      }
      kept.removeSubrange(Self.longest...)
    }
    kept.sort { ($0.first, $0.occupant.key) < ($1.first, $1.occupant.key) }
    var entries = kept.map { sum in
      BehindEntry(
        kind: sum.occupant.kind, name: sum.occupant.text(labels),
        pid: sum.occupant.kind == .idle ? 0 : sum.occupant.number, net: Nanoseconds(sum.net),
        count: sum.count)
    }
    if folded.count > 0 {
      entries.append(
        BehindEntry(
          kind: .others, name: "others", pid: 0, net: Nanoseconds(folded.net), count: folded.count))
    }
    let told = entries.reduce(Int64(0)) { $0 + $1.net.count }
    if length > told {
      entries.insert(
        BehindEntry(
          kind: .unknown, name: "", pid: 0, net: Nanoseconds(length - told), count: 1), at: 0)
    }
    return entries
  }
}

extension CPUHistory.Occupant {
  func text(_ labels: LabelTable) -> String {
    switch kind {
    case .task: name.text
    case .softirq:
      SoftirqVector.name(of: UInt32(bitPattern: number))
        + (label == 0 ? "" : " " + labels.text(label))
    case .idle: "<idle>"
    default: labels.text(label)
    }
  }
}
