internal import TraceModel

/// Steal time of the CPUs in the last second or two, from /proc/stat read now and then.
struct StealClock {
  private var older: [Int: Nanoseconds]
  private var newer: [Int: Nanoseconds]
  private var last: Nanoseconds
  private let read: () -> [Int: Nanoseconds]

  /// Starts with a reading at `now`.
  init(now: Nanoseconds, read: @escaping () -> [Int: Nanoseconds]) {
    self.read = read
    let first = read()
    older = first
    newer = first
    last = now
  }

  /// Takes a reading where the last one is a second old.
  mutating func tick(_ now: Nanoseconds) {
    guard now - last >= Nanoseconds(1_000_000_000) else { return }
    older = newer
    newer = read()
    last = now
  }

  /// Growth on each CPU since the reading before the last.
  func recent() -> [Int: Nanoseconds] {
    var growth: [Int: Nanoseconds] = [:]
    for (cpu, value) in read() {
      let grown = value - (older[cpu] ?? value)
      if grown > .zero { growth[cpu] = grown }
    }
    return growth
  }
}
