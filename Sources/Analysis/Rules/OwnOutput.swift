import TraceModel

/// breaktrace itself ran in place of the measured thread: its main thread, its output, the reading of the trace.
///
/// Evidence: sched_switch to and from one of breaktrace's own threads in the wait, those that these started
/// (sched_wakeup_new) and its guardian among them.
///
/// Refuted by: own threads that did not run on that CPU.
///
/// Next step: another CPU for the main thread (--mainaffinity), less output (--quiet).
struct OwnOutput: Rule {
  static let profile = RuleProfile(
    .ownOutput, needs: [.switches, .fact(.ownThreads)], best: .proven,
    takes: "the event sched:sched_switch.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    RuleOutcome(
      findings: spike.findings(.ownOutput, group: "threads of breaktrace") { rival in
        "\(rival.task.text) belongs to breaktrace. Give its main thread another CPU "
          + "(--mainaffinity) and let it print less (--quiet)."
      })
  }
}
