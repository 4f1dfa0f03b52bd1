internal import Analysis
internal import Glibc
internal import Measurement
internal import Report
public import TraceModel
internal import Tracefs

/// A run that traces more after each spike that it cannot prove: events, stacks, the tracer that
/// the spike asks for, then the functions inside of what it names.
///
/// Each step is a separate run: nothing is armed while anything is measured. A step whose tracing
/// adds more to the median wakeup than the budget is left out.
public struct EscalationSession {
  private let plan: SessionPlan
  private let budget: Nanoseconds
  private let observer: SessionObserver
  /// Wakeups of each calibration.
  private static let wakeups: UInt64 = 300

  /// Makes a run; `budget` is what a step may add to the median wakeup, nil for a quarter of the
  /// threshold, at least 20 us.
  public init(_ plan: SessionPlan, budget: Nanoseconds?, observer: SessionObserver) {
    self.plan = plan
    self.observer = observer
    let threshold = plan.measurement.breakThreshold ?? .zero
    self.budget = budget ?? max(Nanoseconds(microseconds: 20), Nanoseconds(threshold.count / 4))
  }

  /// Does the run.
  ///
  /// - Returns: the last step's result with the spikes of all of them; the deciding one's report
  ///   has all the steps.
  /// - Throws: as `MeasureSession`, and where the kernel has nothing to escalate to.
  public func run() throws(SessionError) -> SessionResult {
    let ladder = try Self.ladder()
    if let refusal = ladder.refusal {
      throw .arming(
        TracefsError(.choose, path: "available_tracers", hint: refusal))
    }
    var state = State(
      facts: EscalationFacts(budget: budget), ends: plan.measurement.duration.map { Self.now + $0 },
      medianOff: try median(nil))
    try step([.events], &state)
    if state.goesOn { try step([.stacks], &state) }
    if state.goesOn, let analysis = state.analysis {
      let names = ladder.tracers(for: analysis)
      if names.isEmpty {
        state.skip("a tracer", "no tracer of this kernel shows more of such a spike")
      } else {
        try step(names.map { .tracer(TracerPlan($0)) }, &state)
      }
    }
    if state.goesOn, let analysis = state.analysis {
      let graphs = ladder.graphs(for: analysis, isTraceable: Self.isTraceable)
      if graphs.isEmpty {
        state.skip(
          "function_graph",
          EscalationLadder.function(of: analysis).map {
            "this kernel cannot trace \($0)"
          } ?? "the report names no kernel function")
      } else {
        try step(graphs.map { .tracer($0) }, &state)
      }
    }
    return state.conclude()
  }

  private static var now: Nanoseconds { Run.now }

  private static func ladder() throws(SessionError) -> EscalationLadder {
    do throws(TracefsError) {
      let journal = Journal(run: try RunIdentity.current())
      let root = try TracefsRoot.findOrMount(journal: journal)
      let listed = try ControlFiles().text(root.file("available_tracers"))
      _ = journal.restoreAll()
      return EscalationLadder(
        tracers: Set(listed.split(whereSeparator: \.isWhitespace).map(String.init)))
    } catch {
      throw .arming(error)
    }
  }

  /// Whether the kernel can trace a function.
  private static func isTraceable(_ function: String) -> Bool {
    guard let root = try? TracefsRoot.find(),
      let list = try? ControlFiles().text(root.file("available_filter_functions"))
    else { return false }
    return list.split(separator: "\n").contains {
      $0.split(separator: " ").first.map { $0 == function } ?? false
    }
  }

  // MARK: steps

  /// Makes the first of these steps that the kernel gives and the budget allows.
  private func step(
    _ rungs: [EscalationLadder.Rung], _ state: inout State
  ) throws(SessionError) {
    for rung in rungs {
      do throws(SessionError) {
        // Without a median of both the cost is not known, and not 0.
        let traced = try median(rung)
        let cost: Nanoseconds? =
          if let traced, let off = state.medianOff { max(.zero, traced - off) } else { nil }
        if let cost, cost > budget {
          state.skip(
            rung.text, cost: cost,
            "adds \(cost.microseconds) us to a wakeup, the budget is \(budget.microseconds) us")
          say(state.facts.steps.last)
          continue
        }
        try take(rung, cost: cost, &state)
        return
      } catch {
        guard case .arming(let refusal) = error, case .tracer = rung else { throw error }
        state.skip(rung.text, "\(refusal)")
        say(state.facts.steps.last)
      }
    }
  }

  private func take(
    _ rung: EscalationLadder.Rung, cost: Nanoseconds?, _ state: inout State
  ) throws(SessionError) {
    var plan = configured(rung)
    if let ends = state.ends {
      let left = ends - Self.now
      guard left > .zero else {
        state.isOver = true
        return
      }
      plan.measurement.duration = left
    }
    var facts = state.facts
    facts.steps.append(
      .init(number: facts.steps.count + 1, traced: rung.text, cost: cost))
    plan.escalation = facts
    observer.remark(
      "step \(facts.steps.count), \(rung.text)"
        + (cost.map { ", adds \($0.microseconds) us to a wakeup" } ?? "")
        + "; waiting for a spike")
    let result = try MeasureSession(plan, observer: observer).run()
    state.take(result, facts)
    if result.spikes.isEmpty { say(state.facts.steps.last) }
  }

  private func say(_ step: EscalationFacts.Step?) {
    guard let step else { return }
    observer.remark(
      "step \(step.number), \(step.traced): "
        + (step.skipped.map { "skipped, \($0)" } ?? "no spike"))
  }

  private func configured(_ rung: EscalationLadder.Rung) -> SessionPlan {
    var plan = plan
    plan.spikes = 1
    plan.hasStack = rung != .events
    if case .tracer(let tracer) = rung { plan.tracer = tracer } else { plan.tracer = nil }
    return plan
  }

  // MARK: the cost

  /// The median latency with what a step traces (nil: with nothing), nil where it is not known.
  private func median(_ rung: EscalationLadder.Rung?) throws(SessionError) -> Nanoseconds? {
    var plan = rung.map(configured) ?? self.plan
    if rung == nil { plan.tracer = nil }
    plan.isTracing = rung != nil
    // Armed, but not to be hit.
    plan.measurement.breakThreshold = rung == nil ? nil : Nanoseconds(60_000_000_000)
    plan.measurement.loops = Self.wakeups
    plan.measurement.duration = Nanoseconds(3_000_000_000)
    plan.measurement.histogramBuckets = 10_000
    plan.outputDirectory = nil
    plan.progressInterval = nil
    plan.streamsSamples = false
    let result = try MeasureSession(plan, observer: SessionObserver()).run()
    if case .signal = result.end { return nil }
    return Self.median(result.statistics)
  }

  /// The median of the slowest thread, of its histogram's buckets of 1 us.
  static func median(_ threads: [ThreadStatistics]) -> Nanoseconds? {
    threads.compactMap { thread -> Nanoseconds? in
      let all = thread.histogram.reduce(0, &+)
      guard all > 0 else { return nil }
      var sum: UInt64 = 0
      for (bucket, count) in thread.histogram.enumerated() {
        sum &+= count
        if sum * 2 >= all { return Nanoseconds(microseconds: Int64(bucket)) }
      }
      return nil
    }.max()
  }
}

extension EscalationSession {
  /// What the steps have come to.
  struct State {
    var facts: EscalationFacts
    /// When the run is over, nil for never.
    var ends: Nanoseconds?
    var medianOff: Nanoseconds?
    /// The last result.
    var result: SessionResult?
    var spikes: [SessionResult.Spike] = []
    var leftovers: [String] = []
    var failures: [String] = []
    var isOver = false

    /// The last spike's verdict.
    var analysis: SpikeAnalysis? { spikes.last?.report.analysis }

    /// Whether a further step can report more.
    var goesOn: Bool {
      guard !isOver, let analysis else { return false }
      return !EscalationLadder.isEnough(analysis)
    }

    mutating func skip(_ traced: String, cost: Nanoseconds? = nil, _ reason: String) {
      facts.steps.append(
        .init(number: facts.steps.count + 1, traced: traced, cost: cost, skipped: reason))
    }

    mutating func take(_ result: SessionResult, _ facts: EscalationFacts) {
      self.facts = result.spikes.last?.report.facts.escalation ?? facts
      spikes += result.spikes
      leftovers += result.leftovers
      failures += result.failures
      self.result = result
      if result.end != .hit { isOver = true }
    }

    /// The result of all: the report of the step that decided is the last one.
    func conclude() -> SessionResult {
      var result = self.result ?? SessionResult(end: .finished, statistics: [])
      result.leftovers = leftovers
      result.failures = failures
      result.hit = result.hit ?? spikes.last?.hit
      result.table = SpikeTable()
      result.spikes = spikes
      if let decided = facts.deciding?.number,
        let index = spikes.firstIndex(where: {
          $0.report.facts.escalation?.steps.last?.number == decided
        })
      {
        var spike = result.spikes.remove(at: index)
        spike.report.facts.escalation = facts
        result.spikes.append(spike)
      }
      return result
    }
  }
}
