internal import Analysis

/// Puts the events of several queues into one order of time, each queue being in order already.
///
/// Only the queue whose event is next is read on, however uneven the CPUs are.
struct EventMerge {
  private var queues: [EventQueue]
  /// The queues with events as a heap: the one whose next event is oldest is first, of equal ones
  /// the first queue.
  private var heap: [Entry] = []

  private struct Entry {
    var time: Int64
    var queue: Int

    static func < (one: Entry, other: Entry) -> Bool {
      one.time != other.time ? one.time < other.time : one.queue < other.queue
    }
  }

  init(_ queues: [EventQueue]) {
    self.queues = queues
    // Queues in order of time are a heap.
    heap = queues.indices.compactMap { index in
      queues[index].time.map { Entry(time: $0, queue: index) }
    }.sorted { $0 < $1 }
  }

  /// Where the pages of a queue could not be read, one line each.
  var problems: [String] { queues.compactMap(\.problem) }

  /// Applies the next `most` events, oldest first; false where there are no more.
  @_optimize(speed) mutating func drain(
    most: Int, into replay: inout some EventSink
  ) -> Bool {
    var most = most
    while let first = heap.first {
      guard most > 0 else { return true }
      var limit = Int64.max
      if heap.count > 1 { limit = heap[1].time }
      if heap.count > 2 { limit = min(limit, heap[2].time) }
      // Where it is not done up to the limit the queue stays the first one.
      if queues[first.queue].drain(upTo: limit, most: &most, into: &replay) { return true }
      if let time = queues[first.queue].time {
        heap[0].time = time
      } else if let last = heap.popLast(), !heap.isEmpty {
        heap[0] = last
      }
      sink()
    }
    return false
  }

  /// Puts the first entry where it belongs.
  @_optimize(speed) private mutating func sink() {
    var place = 0
    while true {
      var child = place * 2 + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[place] else { return }
      heap.swapAt(child, place)
      place = child
    }
  }
}
