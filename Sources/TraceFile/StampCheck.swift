internal import TraceModel

/// Stamps that do not fit among those before and after them, found by comparison with the others of
/// the CPU.
///
/// A CPU's lines are in order of time. A few that are not have stamps that lie; many are a text put
/// together from parts.
struct StampCheck {
  /// Places of events whose stamps are not used; empty where the whole is out of order.
  private(set) var strays: [Int] = []
  private var lines: [UInt64] = []

  init(_ events: [TraceEvent]) {
    guard events.count >= 8 else { return }
    let kept = Self.longestOrder(events)
    var stray: [Int] = []
    var next = 0
    for index in events.indices {
      if next < kept.count, kept[next] == index {
        next += 1
      } else {
        stray.append(index)
      }
    }
    // Of a part that belongs elsewhere whole runs are out of order.
    guard stray.count <= max(1, events.count / 8),
      !zip(stray, stray.dropFirst(2)).contains(where: { $1 - $0 == 2 })
    else { return }
    strays = stray
    lines = stray.map { events[$0].position }
  }

  /// Places of the longest sequence of stamps that never goes back.
  private static func longestOrder(_ events: [TraceEvent]) -> [Int] {
    // The last place of the best sequence of each length, and what comes before each place.
    var tails: [Int] = []
    var links = [Int](repeating: -1, count: events.count)
    for index in events.indices {
      var low = 0
      var high = tails.count
      while low < high {
        let middle = (low + high) / 2
        if events[tails[middle]].time <= events[index].time {
          low = middle + 1
        } else {
          high = middle
        }
      }
      if low > 0 { links[index] = tails[low - 1] }
      if low == tails.count { tails.append(index) } else { tails[low] = index }
    }
    var order: [Int] = []
    var place = tails.last ?? -1
    while place >= 0 {
      order.append(place)
      place = links[place]
    }
    return order.reversed()
  }

  /// Gives each stray event the stamp of the one before it; how long it lasted up to the next is
  /// not known: a gap.
  func correct(_ events: inout [TraceEvent]) -> [TimelineGap] {
    var gaps: [TimelineGap] = []
    let places = Set(strays)
    for index in strays {
      let behind = events[(index + 1)...].indices.first { !places.contains($0) }
      let next = behind.map { events[$0].time }
      let before = index > 0 ? events[index - 1].time : next ?? .zero
      events[index].time = before
      gaps.append(
        TimelineGap(
          span: TimeSpan(before, next ?? before),
          cause: .damaged("line \(events[index].position): the timestamp is not in order")))
    }
    return gaps
  }

  /// What is said of them.
  func problems(_ cpu: Int) -> [TraceFileProblem] {
    guard let first = lines.first else { return [] }
    let what =
      lines.count == 1
      ? "the timestamp of this line does not fit between those of its neighbours"
      : "the timestamps of \(lines.count) lines of CPU \(cpu), starting with this one, do not fit between those of their neighbours"
    return [TraceFileProblem(offset: first, what + "; not used as evidence")]
  }
}
