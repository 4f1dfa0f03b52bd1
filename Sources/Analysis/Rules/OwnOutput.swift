import TraceModel

/// breaktrace itself ran instead of the measured thread: its main thread, its output, or the
/// reading of the trace.
///
/// Evidence: sched_switch to and from a thread of breaktrace during the wait, including threads
/// that these started (sched_wakeup_new) and the guardian.
///
/// Ruled out by: threads of breaktrace that did not run on that CPU.
///
/// Next step: move the main thread to another CPU (--mainaffinity), reduce the output (--quiet).
struct OwnOutput: Rule {
  static let profile = RuleProfile(
    .ownOutput, needs: [.switches, .fact(.ownThreads)], best: .proven,
    takes: "the event sched:sched_switch.")

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    RuleOutcome(
      findings: spike.findings(.ownOutput, group: "threads of breaktrace") { rival in
        "\(rival.task.text) belongs to breaktrace. Move its main thread to another CPU "
          + "(--mainaffinity), and reduce its output (--quiet)."
      })
  }
}
