/// The line that the measuring thread writes to `trace_marker` when it takes the break.
///
/// It carries the sample exactly and, at its end, the text that cyclictest's users search for:
/// `breaktrace: hit cpu=1 tid=1813 seq=2211 expiry=N wake=N latency=N policy=1 prio=80: hit latency
/// threshold (1485 > 100)`; times in ns, the two numbers in brackets in whole us.
public struct BreakMarker: Hashable, Sendable {
  /// CPU of the measuring thread.
  public var cpu: Int
  /// Its thread id.
  public var tid: Int32
  /// Number of the cycle.
  public var sequence: UInt64
  /// When it should have been woken.
  public var expiry: Nanoseconds
  /// When it read its clock.
  public var wake: Nanoseconds
  /// Policy number of sched_setscheduler(2).
  public var policy: Int32
  /// The user's priority.
  public var priority: Int32
  /// The threshold in us.
  public var thresholdMicroseconds: Int64

  /// The words before the numbers.
  public static let prefix = "breaktrace: hit "
  /// The words that cyclictest 0.85 and 2.x write too.
  public static let phrase = "hit latency threshold"

  /// Memberwise.
  public init(
    cpu: Int, tid: Int32, sequence: UInt64, expiry: Nanoseconds, wake: Nanoseconds, policy: Int32,
    priority: Int32, thresholdMicroseconds: Int64
  ) {
    self.cpu = cpu
    self.tid = tid
    self.sequence = sequence
    self.expiry = expiry
    self.wake = wake
    self.policy = policy
    self.priority = priority
    self.thresholdMicroseconds = thresholdMicroseconds
  }

  /// Reads a marker line; nil where the text is not one.
  public init?(_ text: some StringProtocol) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    var values: [Substring: Int64] = [:]
    var limit: Int64?
    let body = Substring(text).dropFirst(Self.prefix.count)
    for word in body.split(separator: " ") {
      if let equals = word.firstIndex(of: "=") {
        var digits = word[word.index(after: equals)...]
        if digits.last == ":" { digits.removeLast() }
        values[word[..<equals]] = Int64(digits)
      } else if word.last == ")" {
        limit = Int64(word.dropLast())
      }
    }
    guard let cpu = values["cpu"], cpu >= 0, cpu <= CPUSet.highest,
      let tid = values["tid"].flatMap(Int32.init(exactly:)),
      let sequence = values["seq"].flatMap(UInt64.init(exactly:)), let expiry = values["expiry"],
      let wake = values["wake"], let policy = values["policy"].flatMap(Int32.init(exactly:)),
      let priority = values["prio"].flatMap(Int32.init(exactly:)), let limit
    else { return nil }
    self.init(
      cpu: Int(cpu), tid: tid, sequence: sequence, expiry: Nanoseconds(expiry),
      wake: Nanoseconds(wake), policy: policy, priority: priority, thresholdMicroseconds: limit)
  }

  /// The line as it is written, without a line end.
  public var text: String {
    let latency = wake - expiry
    return Self.prefix
      + "cpu=\(cpu) tid=\(tid) seq=\(sequence) expiry=\(expiry.count) wake=\(wake.count) "
      + "latency=\(latency.count) policy=\(policy) prio=\(priority): "
      + "\(Self.phrase) (\(latency.microseconds) > \(thresholdMicroseconds))"
  }

  /// The sample that the marker stands for; `comm` is the thread's name.
  public func sample(comm: String) -> WakeupSample {
    WakeupSample(
      cpu: cpu, task: TaskIdentity(pid: tid, comm: comm), policy: SchedulingPolicy(number: policy),
      priority: priority, sequence: sequence, expiry: expiry, wake: wake,
      threshold: Nanoseconds(microseconds: thresholdMicroseconds), source: .sample)
  }
}
