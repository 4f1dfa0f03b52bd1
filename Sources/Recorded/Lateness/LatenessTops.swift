internal import Analysis
internal import TraceModel

/// The largest stretches of each kind, and what is usual.
struct LatenessTops {
  /// Of what a search is to keep nothing else.
  struct Filter: Hashable {
    var task: TaskSelector?
    var cpu: Int?
    var from: Nanoseconds?
    var to: Nanoseconds?
  }

  /// The largest of one kind, for tasks of one sort.
  private struct Top {
    var statistics = LatencyStatistics()
    /// What is kept, by key; keys and lengths beside it, to be looked through fast.
    var kept: [LatenessCandidate] = []
    var keys: [Int64] = []
    var lengths: [Int64] = []
    /// Shorter ones are not kept any more.
    var floor: Int64 = -1
  }

  /// Kept of each kind, one for each victim or source.
  private static let most = 8
  /// From this number of a kind on, its usual length is known.
  private static let least: UInt64 = 20
  /// From this number on, it is known what is not unusual.
  private static let many: UInt64 = 100

  private let filter: Filter
  private var tops: [Top]

  init(_ filter: Filter) {
    self.filter = filter
    tops = Array(repeating: Top(), count: LatenessKind.allCases.count * 2)
  }

  /// Counts one; whether it is to be kept, because it is among the largest.
  ///
  /// - Parameter key: What it has in common with others of which only the largest is wanted.
  @_optimize(speed) mutating func wants(
    _ kind: LatenessKind, _ length: Int64, isRealtime: Bool, key: Int64
  ) -> Bool {
    let place = kind.rawValue * 2 + (isRealtime ? 1 : 0)
    tops[place].statistics.add(Nanoseconds(max(0, length)))
    guard length > tops[place].floor else { return false }
    for index in tops[place].keys.indices where tops[place].keys[index] == key {
      return tops[place].lengths[index] < length
    }
    return true
  }

  /// Keeps one that `wants` asked for.
  mutating func keep(_ candidate: LatenessCandidate, isRealtime: Bool, key: Int64) {
    guard isWanted(candidate) else { return }
    let place = candidate.kind.rawValue * 2 + (isRealtime ? 1 : 0)
    let length = candidate.length.count
    if let same = tops[place].keys.firstIndex(of: key) {
      tops[place].lengths[same] = length
      tops[place].kept[same] = candidate
    } else {
      if tops[place].keys.count >= Self.most,
        let least = tops[place].lengths.indices.min(by: {
          tops[place].lengths[$0] < tops[place].lengths[$1]
        })
      {
        tops[place].keys.remove(at: least)
        tops[place].lengths.remove(at: least)
        tops[place].kept.remove(at: least)
      }
      tops[place].keys.append(key)
      tops[place].lengths.append(length)
      tops[place].kept.append(candidate)
    }
    if tops[place].keys.count >= Self.most {
      tops[place].floor = tops[place].lengths.min() ?? -1
    }
  }

  private func isWanted(_ candidate: LatenessCandidate) -> Bool {
    if let cpu = filter.cpu, candidate.cpu != cpu { return false }
    if let from = filter.from, candidate.span.end < from { return false }
    if let to = filter.to, candidate.span.start > to { return false }
    return filter.task?.matches(candidate.victim) ?? true
  }

  /// All that were kept, most severe first.
  var ranked: [LatenessCandidate] {
    var all: [LatenessCandidate] = []
    for top in tops {
      let typical =
        top.statistics.count >= Self.least ? top.statistics.percentile(0.5) : nil
      let upper = top.statistics.count >= Self.many ? top.statistics.percentile(0.9) : nil
      for var candidate in top.kept {
        candidate.typical = typical
        candidate.upper = upper
        all.append(candidate)
      }
    }
    return all.sorted {
      ($0.severity, $1.span.start.count, $1.kind.rawValue)
        > ($1.severity, $0.span.start.count, $0.kind.rawValue)
    }
  }

  /// How many stretches of all kinds were looked at.
  var count: UInt64 { tops.reduce(0) { $0 &+ $1.statistics.count } }
}
