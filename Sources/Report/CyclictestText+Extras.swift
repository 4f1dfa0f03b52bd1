public import TraceModel

/// A wakeup that `--spike` or `-g` picks out.
public struct LateWakeup: Hashable, Sendable {
  /// Number of the thread, from 0.
  public var thread: Int
  /// Its latency.
  public var latency: Nanoseconds
  /// When the thread read its clock, on the clock of the run.
  public var wake: Nanoseconds

  /// Memberwise.
  public init(thread: Int, latency: Nanoseconds, wake: Nanoseconds) {
    self.thread = thread
    self.latency = latency
    self.wake = wake
  }
}

extension CyclictestText {
  /// The two lines above the threads in the live view: policy and /proc/loadavg.
  ///
  /// A thread without priority has the policy twice, as cyclictest 2.x writes it.
  public static func header(policy: SchedulingPolicy, loadAverage: String) -> String {
    let name = policy == .other ? "other/other" : policy.rawValue
    return "policy: \(name): loadavg: \(loadAverage)          \n\n"
  }

  /// What SIGUSR1 asks for, between two rules.
  public func status(_ threads: [ThreadStatistics]) -> String {
    let rule = "#---------------------------\n"
    return rule + "# cyclictest current status:\n" + summary(threads) + rule
  }

  /// The `T:` lines with the count of system management interrupts of each thread's CPU.
  public func summary(_ threads: [ThreadStatistics], interrupts: [UInt64]) -> String {
    zip(threads, interrupts).map { thread, count in
      let digits = String(count)
      let pad = String(repeating: " ", count: max(0, 8 - digits.utf8.count))
      return summaryLine(thread).dropLast() + " SMI:\(pad)\(digits)\n"
    }.joined()
  }

  /// The footer of the histogram for system management interrupts.
  public static func interruptLine(_ interrupts: [UInt64]) -> String {
    "# SMIs:" + interrupts.map { " " + padded($0, 5) }.joined() + "\n"
  }

  /// The wakeups of `--spike`: a blank line, one line each, the number of all that there were.
  ///
  /// Empty where there was none. Stamps are whole us of the run's clock.
  public func spikes(_ kept: [LateWakeup], count: UInt64) -> String {
    guard count > 0 else { return "" }
    let lines = kept.map { spike in
      let value = nanoseconds ? spike.latency.count : spike.latency.microseconds
      return "T:\(blanks(spike.thread, 2)) Spike:\(blanks(value, 8)): "
        + "TS: \(blanks(spike.wake.microseconds, 12))\n"
    }
    return "\n" + lines.joined() + "spikes = \(count)\n\n"
  }

  /// The fourth data format (`-g`): for each thread the ms since `start` at which latencies were
  /// beyond the histogram, and how many more there were.
  public func overflowTimes(
    _ wakeups: [[Nanoseconds]], counts: [UInt64], start: Nanoseconds
  ) -> String {
    var text = "# Histogram Overflow at time (ms):\n"
    for (thread, times) in wakeups.enumerated() {
      text += "# Thread \(thread):"
      text += times.map { " " + Self.padded(($0 - start).count / 1_000_000, 5) }.joined()
      let count = thread < counts.count ? counts[thread] : 0
      if count > UInt64(times.count) {
        text += " # \(Self.padded(count - UInt64(times.count), 5)) others"
      }
      text += "\n"
    }
    return text
  }

  private static func padded(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  private func blanks(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
  }
}
