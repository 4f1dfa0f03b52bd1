import TraceModel

/// The measuring threads that options ask for on given CPUs, laid out as cyclictest does.
struct ThreadLayout: Hashable, Sendable {
  /// One measuring thread.
  struct Thread: Hashable, Sendable {
    /// Number of the thread, from 0.
    var index: Int
    /// The CPU it is pinned to, nil where it may run anywhere.
    var cpus: CPUSet?
    /// Its policy.
    var policy: SchedulingPolicy
    /// 1...99 for fifo and rr, 0 otherwise.
    var priority: Int32
    /// Its interval.
    var interval: Nanoseconds
  }

  /// cyclictest's `-d` where it is not given, in us.
  static let defaultDistance: Int64 = 500

  /// The threads, at least one.
  var threads: [Thread]
  /// Remarks for standard error.
  var notes: [String]

  /// Lays the threads out.
  ///
  /// `available` are the CPUs that are online and that the process may use. Throws where a set
  /// names other CPUs, or where there are not enough priorities to spread.
  init(_ options: CyclictestOptions, available: CPUSet) throws(UsageError) {
    var notes: [String] = []
    let places: CPUSet?
    switch options.affinity {
    case nil: places = nil
    case .each: places = available
    case .set(let selection): places = try selection.resolved(in: available, label: "-a")
    }
    let count: Int
    switch options.threads {
    case nil: count = 1
    case .count(let number): count = number
    case .perCPU: count = (places ?? available).count
    }
    guard count > 0 else { throw UsageError("-t", "no CPU is available for a thread") }

    let (policy, highest) = try Self.urgency(options, count: count, &notes)
    let distance = options.histogram == nil ? options.distance ?? Self.defaultDistance : 0
    threads = (0..<count).map { index in
      Thread(
        index: index, cpus: places.map { CPUSet([$0.cpus[index % $0.count]]) }, policy: policy,
        priority: options.prioritySpread ? highest - Int32(clamping: index) : highest,
        interval: Nanoseconds(
          microseconds: options.interval + distance * Int64(clamping: index)))
    }
    self.notes = notes
  }

  /// The policy of all threads and the priority of the first.
  private static func urgency(
    _ options: CyclictestOptions, count: Int, _ notes: inout [String]
  ) throws(UsageError) -> (SchedulingPolicy, Int32) {
    let given = options.priority ?? 0
    let realtime = given > 0 || options.prioritySpread
    let policy = options.policy ?? (realtime ? .fifo : .other)
    guard policy.isRealtime else { return (policy, 0) }
    var highest = given
    if highest == 0 {
      highest = Int32(clamping: min(count + 1, 99))
      notes.append("-p is not given, using priority \(highest)")
    }
    if options.prioritySpread, Int(highest) < count {
      throw UsageError(
        "-Q", "\(count) threads need \(count) priorities, but -p \(highest) leaves \(highest)",
        hint: count > 99 ? "use at most 99 threads" : "use -p \(count) or more")
    }
    return (policy, highest)
  }
}
