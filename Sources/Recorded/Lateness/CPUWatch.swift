internal import Analysis
internal import TraceModel

/// What one CPU is asked to do and does: softirqs, calls of other CPUs, idle states, sections.
struct CPUWatch {
  /// An inter-processor interrupt under way.
  struct Call {
    var time: Int64
    var sender: Int32
    var cpu: Int32
  }

  /// The stamp of the event before.
  var latest = Int64.min
  /// Who runs, -1 where it is not known.
  var current: Int32 = -1
  var interrupts = InterruptWatch()
  /// The last line of the function tracer, where nothing has come after it.
  var line: (time: Int64, pid: Int32, label: Int32)?
  /// The timer that expires at the moment: its owner, and when it was due on the trace clock.
  var expiring: (owner: Int32, due: Int64)?
  /// Its hrtimer_expire_entry.
  var expired: RunQueueEvent?
  /// Whether an interrupt of each kind was seen: a kernel may not record them, or not yet.
  var hasTaken = [false, false]
  /// Calls by kind: 0 to reschedule, 1 for functions.
  var calls: [Call?] = [nil, nil]
  /// When interrupts and preemption were disabled, and by whom; 0 where they are not.
  var irqsOff: (time: Int64, pid: Int32) = (0, 0)
  var preemptOff: (time: Int64, pid: Int32) = (0, 0)
  /// Whether the CPU was idle since then.
  var hasIdled = false
  /// Since when softirqs are pending and run, by vector.
  private var raised = [Int64](repeating: .min, count: 10)
  private var running: (vector: Int32, time: Int64)?

  /// softirq_raise
  @_optimize(speed) mutating func raise(_ event: RunQueueEvent) {
    let vector = Int(event.target)
    if raised.indices.contains(vector), raised[vector] == .min { raised[vector] = event.time }
  }

  /// softirq_entry; gives when it was raised.
  @_optimize(speed) mutating func enterSoftirq(_ event: RunQueueEvent) -> Int64? {
    running = (event.target, event.time)
    let vector = Int(event.target)
    guard raised.indices.contains(vector), raised[vector] != .min else { return nil }
    let time = raised[vector]
    raised[vector] = .min
    return time
  }

  /// softirq_exit; gives its entry.
  @_optimize(speed) mutating func leaveSoftirq(_ event: RunQueueEvent) -> Int64? {
    guard let running, running.vector == event.target else { return nil }
    self.running = nil
    return running.time
  }

  /// Events were lost: what is open may have ended unseen.
  mutating func forget() {
    current = -1
    expiring = nil
    line = nil
    calls = [nil, nil]
    irqsOff = (0, 0)
    preemptOff = (0, 0)
    for vector in raised.indices { raised[vector] = .min }
    running = nil
  }
}
