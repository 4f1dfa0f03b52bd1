package import Analysis

/// Puts the events of several buffers into one order of time, each buffer being in order already.
package struct RunQueueMerger {
  /// What was read of each buffer and not given on yet.
  package var queues: [[RunQueueEvent]]
  private var heads: [Int]

  package init(buffers: Int) {
    queues = Array(repeating: [], count: buffers)
    heads = Array(repeating: 0, count: buffers)
  }

  /// Events that wait.
  var count: Int { queues.indices.reduce(0) { $0 + queues[$1].count - heads[$1] } }

  /// Gives all events up to `limit` to `body`, oldest first.
  package mutating func drain(upTo limit: Int64, _ body: (RunQueueEvent) -> Void) {
    while true {
      var first = -1
      var firstTime = Int64.max
      var secondTime = Int64.max
      for queue in queues.indices where heads[queue] < queues[queue].count {
        let time = queues[queue][heads[queue]].time
        if first < 0 || time < firstTime {
          secondTime = firstTime
          firstTime = time
          first = queue
        } else if time < secondTime {
          secondTime = time
        }
      }
      guard first >= 0, firstTime <= limit else { break }
      let end = min(limit, secondTime)
      var head = heads[first]
      let count = queues[first].count
      // At least one, then as long as no other buffer is older.
      repeat {
        body(queues[first][head])
        head += 1
      } while head < count && queues[first][head].time <= end
      heads[first] = head
    }
    for queue in queues.indices where heads[queue] > 0 {
      if heads[queue] == queues[queue].count {
        queues[queue].removeAll(keepingCapacity: true)
        heads[queue] = 0
      } else if heads[queue] > 65_536 {
        queues[queue].removeFirst(heads[queue])
        heads[queue] = 0
      }
    }
  }
}
