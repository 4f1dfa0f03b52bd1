public import TraceModel

extension RunQueueReplay {
  /// Statistics of the latency of work items and softirqs, by function or vector, largest maximum
  /// first.
  public var perFunction: [(name: String, statistics: LatencyStatistics)] {
    tracker.statistics.map { ($0.key, $0.value) }.sorted {
      ($0.1.maximum, $1.0) > ($1.1.maximum, $0.0)
    }
  }

  /// Work items and softirqs with a shorter latency are counted, but not given; zero gives all.
  public var deferredThreshold: Nanoseconds {
    get { tracker.threshold }
    set { tracker.threshold = newValue }
  }

  /// Ends what is open at the trace's end.
  public mutating func finish() { chains?.finish() }

  /// Whether a task belongs to the observed command.
  public func isObserved(_ pid: Int32) -> Bool { chains?.isObserved(pid) ?? false }

  /// The command's slow calls so far, longest first.
  public var slowCalls: [SlowCall] {
    (chains?.slowCalls ?? []).sorted {
      ($0.span.length, $1.span.start) > ($1.span.length, $0.span.start)
    }
  }

  /// The command's calls that found nothing several times in a row, in order of time.
  public var polls: [PollBurst] {
    (chains?.polls ?? []).sorted { $0.span.start < $1.span.start }
  }

  /// The command's work items that came late, longest first.
  public var deliveries: [Delivery] {
    (chains?.deliveries ?? []).sorted { ($0.length, $1.work.asked) > ($1.length, $0.work.asked) }
  }
}
