public import TraceModel

/// A disturbance of user space with a known cause, injected on purpose.
///
/// It runs in a child process that is this executable called with `__fault` and the words of
/// `arguments`, and ends by itself after `duration`, so that nothing is left running when the
/// parent dies.
public struct Fault: Hashable, Sendable {
  /// What the child does.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Busy for `busy` once every `period`, under the given policy and priority.
    case hog
    /// Evicts the mapped files of process `target` from memory once every `period`.
    case pageOut = "page-out"
    /// Holds a mutex with priority inheritance for `busy` once every `period`, at FIFO 1, while a
    /// thread of `priority` on the same CPU waits for it.
    case lockOwner = "lock-owner"
    /// Changes mappings on `cpu` once every `period`, while the CPU `partner`, which has to be
    /// reported, keeps its IRQs disabled for about `busy`.
    case shootdown
  }

  /// What the child does.
  public var kind: Kind
  /// The CPU that it is pinned to, nil for any.
  public var cpu: Int?
  /// The CPU of its second thread, nil where it has none.
  public var partner: Int?
  /// Its policy.
  public var policy: SchedulingPolicy
  /// Its priority, 1...99 for real-time policies, 0 otherwise.
  public var priority: Int32
  /// Its nice value, -20...19, for normal policies.
  public var nice: Int32
  /// How long it is busy at a time.
  public var busy: Nanoseconds
  /// How often; with a period not above `busy` it never sleeps.
  public var period: Nanoseconds
  /// When it ends.
  public var duration: Nanoseconds
  /// Before its first disturbance.
  public var delay: Nanoseconds
  /// The process it acts on, 0 for none.
  public var target: Int32
  /// The name (`comm`) that the child gives itself, at most 15 bytes.
  public var name: String

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    _ kind: Kind, name: String, cpu: Int? = nil, partner: Int? = nil,
    policy: SchedulingPolicy = .other,
    priority: Int32 = 0, nice: Int32 = 0, busy: Nanoseconds = .zero, period: Nanoseconds,
    duration: Nanoseconds,
    delay: Nanoseconds = .zero, target: Int32 = 0
  ) {
    self.kind = kind
    self.name = name
    self.cpu = cpu
    self.partner = partner
    self.policy = policy
    self.priority = priority
    self.nice = nice
    self.busy = busy
    self.period = period
    self.duration = duration
    self.delay = delay
    self.target = target
  }

  /// The arguments by which the child is recognised.
  public var arguments: [String] {
    [
      "kind=\(kind.rawValue)", "name=\(name)", "cpu=\(cpu ?? -1)", "partner=\(partner ?? -1)",
      "policy=\(policy.rawValue)",
      "priority=\(priority)", "nice=\(nice)", "busy=\(busy.count)", "period=\(period.count)",
      "duration=\(duration.count)", "delay=\(delay.count)", "target=\(target)",
    ]
  }

  /// Reads the words; nil where they are none of ours.
  public init?(arguments: [String]) {
    var values: [String: String] = [:]
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      values[String(parts[0])] = String(parts[1])
    }
    func nanoseconds(_ key: String) -> Nanoseconds {
      Nanoseconds(max(0, values[key].flatMap(Int64.init) ?? 0))
    }
    guard let kind = values["kind"].flatMap(Kind.init),
      let policy = values["policy"].flatMap(SchedulingPolicy.init),
      let name = values["name"], !name.isEmpty, nanoseconds("duration") > .zero,
      nanoseconds("period") > .zero
    else { return nil }
    let cpu = values["cpu"].flatMap(Int.init) ?? -1
    let partner = values["partner"].flatMap(Int.init) ?? -1
    self.init(
      kind, name: name, cpu: cpu < 0 ? nil : cpu, partner: partner < 0 ? nil : partner,
      policy: policy,
      priority: values["priority"].flatMap(Int32.init) ?? 0,
      nice: values["nice"].flatMap(Int32.init) ?? 0, busy: nanoseconds("busy"),
      period: nanoseconds("period"), duration: nanoseconds("duration"),
      delay: nanoseconds("delay"), target: values["target"].flatMap(Int32.init) ?? 0)
  }
}
