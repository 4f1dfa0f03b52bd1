import Analysis
import TraceModel

/// Events of a made-up system, in us, given to a replay in order of time.
struct RunQueueScript {
  var events: [RunQueueEvent] = []
  var labels = LabelTable()

  static func us(_ time: Int64) -> Nanoseconds { Nanoseconds(microseconds: time) }

  private mutating func add(
    _ kind: RunQueueEvent.Kind, _ time: Int64, cpu: Int32, pid: Int32,
    _ change: (inout RunQueueEvent) -> Void = { _ in }
  ) {
    var event = RunQueueEvent(kind: kind, time: time * 1_000, cpu: cpu, pid: pid)
    change(&event)
    events.append(event)
  }

  /// `from` leaves the CPU with the state's letters, `to` comes.
  mutating func change(
    _ time: Int64, _ cpu: Int32, _ from: (Int32, String), _ state: String, _ to: (Int32, String),
    priority: Int32 = 120
  ) {
    add(.switched, time, cpu: cpu, pid: from.0) { event in
      event.task = from.0
      event.name = TaskName(from.1)
      event.isRunnable = state.hasPrefix("R")
      event.isEnding = state == "X" || state == "Z"
      event.other = to.0
      event.otherName = TaskName(to.1)
      event.otherPriority = priority
    }
  }

  mutating func wake(
    _ time: Int64, _ cpu: Int32, by pid: Int32, _ task: (Int32, String), target: Int32 = 0,
    flags: UInt8 = 0, kind: RunQueueEvent.Kind = .waking
  ) {
    add(kind, time, cpu: cpu, pid: pid) { event in
      event.task = task.0
      event.name = TaskName(task.1)
      event.target = target
      event.flags = flags
    }
  }

  mutating func frame(
    _ kind: RunQueueEvent.Kind, _ time: Int64, _ cpu: Int32, pid: Int32, number: Int32 = -1,
    name: String = ""
  ) {
    let label = labels.number(name)
    add(kind, time, cpu: cpu, pid: pid) { event in
      event.target = number
      event.label = label
    }
  }

  mutating func work(
    _ kind: RunQueueEvent.Kind, _ time: Int64, _ cpu: Int32, pid: Int32, item: Int64 = 0x1000,
    _ function: String = "deliver"
  ) {
    let label = labels.number(function)
    add(kind, time, cpu: cpu, pid: pid) { event in
      event.value = item
      event.label = label
    }
  }

  mutating func call(
    _ kind: RunQueueEvent.Kind, _ time: Int64, _ cpu: Int32, pid: Int32, _ name: String,
    result: Int64 = 0
  ) {
    let label = labels.number(name)
    add(kind, time, cpu: cpu, pid: pid) { event in
      event.value = -1
      event.label = label
      event.result = result
    }
  }

  mutating func task(
    _ kind: RunQueueEvent.Kind, _ time: Int64, _ cpu: Int32, pid: Int32, _ task: Int32
  ) {
    add(kind, time, cpu: cpu, pid: pid) { $0.task = task }
  }

  mutating func migrate(_ time: Int64, _ cpu: Int32, pid: Int32, _ task: Int32, to: Int32) {
    add(.migrate, time, cpu: cpu, pid: pid) { event in
      event.task = task
      event.target = to
    }
  }

  mutating func lost(_ time: Int64, _ cpu: Int32, count: Int64) {
    add(.lost, time, cpu: cpu, pid: 0) { $0.value = count }
  }

  /// The replay of all events so far.
  func replay(
    thresholdMicroseconds: Int64 = 0, filter: RunQueueFilter? = nil, root: Int32? = nil
  ) -> RunQueueReplay {
    var replay = RunQueueReplay(
      filter: filter ?? RunQueueFilter(threshold: Self.us(thresholdMicroseconds)), labels: labels,
      recordsChains: root != nil, root: root)
    for event in events { replay.apply(event) }
    replay.finish()
    return replay
  }

  /// The rows of all events so far.
  func waits(thresholdMicroseconds: Int64 = 0) -> [RunQueueWait] {
    var replay = replay(thresholdMicroseconds: thresholdMicroseconds)
    return replay.takeWaits()
  }
}

let sleeper: (Int32, String) = (10, "sleeper")
let hog: (Int32, String) = (20, "hog")
let other: (Int32, String) = (30, "other")
let nobody: (Int32, String) = (0, "swapper")
