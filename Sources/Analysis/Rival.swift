import TraceModel

/// A task that had the CPU while the measured thread wanted it.
struct Rival {
  /// Who.
  var task: TaskIdentity
  /// Its priority by the scheduler's events.
  var priority: KernelPriority?
  /// When it ran, interrupts taken off.
  var spans: [TimeSpan]
  /// The switches to and from it.
  var evidence: [Evidence]
  /// Proven where its leaving was seen.
  var confidence: Confidence

  /// Its own time.
  var net: Nanoseconds { spans.reduce(.zero) { $0 + $1.length } }
}

extension SpikeCase {
  /// Tasks other than the measured thread and idle, by the time that they had the CPU in `spans`.
  func rivals(in wanted: [TimeSpan]) -> [Rival] {
    var found: [Rival] = []
    for slice in replay.slices {
      guard case .task(let task, let priority) = slice.occupant, task.pid != sample.task.pid
      else { continue }
      for span in wanted {
        guard let part = slice.span.clipped(to: span) else { continue }
        if let index = found.firstIndex(where: {
          $0.task.pid == task.pid && $0.priority == priority
        }) {
          found[index].spans.append(part)
        } else {
          found.append(
            Rival(
              task: TaskIdentity(
                pid: task.pid, comm: task.comm.isEmpty ? timeline.task(task.pid).comm : task.comm),
              priority: priority, spans: [part], evidence: [], confidence: .likely))
        }
      }
    }
    for index in found.indices {
      let pid = found[index].task.pid
      let switches = events.filter {
        if case .switched(let change) = $0.payload {
          change.previous.pid == pid || change.next.pid == pid
        } else {
          false
        }
      }
      if let first = switches.first { found[index].evidence.append(Evidence(first)) }
      if switches.count > 1, let last = switches.last {
        found[index].evidence.append(Evidence(last))
      }
      let left = switches.contains {
        if case .switched(let change) = $0.payload { change.previous.pid == pid } else { false }
      }
      if left { found[index].confidence = .proven }
    }
    return found.sorted { ($1.net, $0.task.pid) < ($0.net, $1.task.pid) }
  }
}
