import Analysis
import Testing
import TraceModel

@Suite struct LatencySectionTests {
  private func section(
    _ tracer: String, _ start: Double, _ end: Double, cpu: Int = 1, task: Int32? = nil
  ) -> LatencySection {
    LatencySection(
      tracer: tracer, cpu: cpu,
      span: TimeSpan(TimelineBuilder.at(start), TimelineBuilder.at(end)),
      startFunction: "_raw_spin_lock_irqsave", endFunction: "__rmqueue_pcplist+0x36",
      task: task.map { TaskIdentity(pid: $0, comm: "") })
  }

  private func late(
    _ sections: [LatencySection], stack: [String]? = ["_raw_spin_unlock_irqrestore", "rmqueue"]
  ) -> Finding {
    Scenario(.irqsOff, "", .proven, wake: 1_130, sections: sections) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.wake(
        at: 1_117, interrupting: 41, stack: stack.map { TimelineBuilder.interruptStack + $0 })
      own.change(1_125, from: worker, state: .preempted, to: measured)
      own.finish(at: 1_128)
    }.analysis.culprit
  }

  @Test func `a section over the late timer proves it and keeps the stack's name`() {
    let verdict = late([section("irqsoff", 850, 1_117)])
    #expect(verdict.culprit == .irqsOff)
    #expect(verdict.confidence == .proven)
    #expect(verdict.name == "rmqueue")
    #expect(verdict.evidence.contains { $0.event == "irqsoff" })
  }

  @Test func `without a stack the section's own function is named, not its lock helper`() {
    let verdict = late([section("preemptirqsoff", 850, 1_117)], stack: nil)
    #expect(verdict.culprit == .irqsOff)
    #expect(verdict.confidence == .proven)
    #expect(verdict.name == "__rmqueue_pcplist")
  }

  @Test func `a section elsewhere or of another kind proves nothing`() {
    for other in [
      section("irqsoff", 100, 880), section("irqsoff", 850, 1_117, cpu: 0),
      section("irqsoff", 1_060, 1_117), section("preemptoff", 850, 1_117),
      section("wakeup_rt", 850, 1_117, task: 99),
    ] {
      let verdict = late([other])
      #expect(verdict.confidence == .likely, "\(other.tracer)")
      #expect(!verdict.evidence.contains { $0.event == other.tracer })
    }
  }

  /// The verdict on a task that kept the CPU, with a section of a tracer and without.
  private func held(_ stack: [String], _ section: LatencySection? = nil) -> Finding {
    Scenario(
      .preemptOff, "", .likely, wake: 3_500, model: .full, sections: section.map { [$0] } ?? []
    ) { own, _ in Scenarios.held(&own, until: 3_490, stack) }.analysis.culprit
  }

  @Test(arguments: [
    // The first instruction of the clock was interrupted: its caller is not in the stack.
    (["read_tsc", "outer"], "inner", "inner", "inner"),
    (["ktime_get_mono_fast_ns", "inner", "outer"], "inner", "inner", "inner"),
    // The stack's own function is closer than where the section began.
    (["read_tsc", "deep", "inner", "outer"], "inner", "inner", "deep"),
    (["deep", "outer"], "inner", "inner", "deep"),
    // Taken in one function and given back in another: neither needs to be on the stack.
    (["read_tsc", "outer"], "get_it", "put_it", "outer"),
    (["read_tsc", "outer"], "_raw_spin_lock", "_raw_spin_lock", "outer"),
    (["read_tsc", "outer"], "", "", "outer"),
    (["?ktime_get", "outer"], "", "", "outer or its callee"),
    (["?ktime_get", "outer"], "get_it", "put_it", "outer or its callee"),
    (["?ktime_get", "outer"], "outer", "outer", "outer"),
    (["?ktime_get", "outer"], "inner", "inner", "inner"),
    // The interrupt came while the tracer wrote where the section begins: none of that answers for
    // it.
    (["rb_commit.part.0", "?outer"], "", "", "outer"),
    (["rb_commit.part.0", "trace_function", "preempt_count_add", "inner"], "in", "out", "inner"),
    (["?rb_deep", "ring_buffer_unlock_commit", "tracer_preempt_off", "inner"], "", "", "inner"),
    (["unwind_it", "trace_event_buffer_commit", "__traceiter_x", "inner"], "in", "out", "inner"),
    // What a task does with tracing itself does.
    (["copy_it", "tracing_mark_write", "vfs_write"], "", "", "copy_it"),
    (["rb_commit", "tracing_mark_write", "vfs_write"], "", "", "tracing_mark_write"),
    // The kernel does not unwind out of a thunk.
    (["__x86_indirect_thunk_array"], "get_it", "put_it", "get_it"),
  ])
  func `a function that the unwinder left out is named by its section`(
    stack: [String], start: String, end: String, name: String
  ) {
    var whole = section("preemptoff", 300, 3_489)
    (whole.startFunction, whole.endFunction) = (start, end)
    #expect(held(stack, whole).name == name)
  }

  @Test(arguments: [
    (["?ktime_get", "outer", "kthread"], "outer or its callee"),
    (["read_tsc", "outer", "kthread"], "outer"),
    // What is named comes before the gap.
    (["?inner", "outer", "kthread"], "inner"),
    (["read_tsc", "?outer", "kthread"], "outer"),
    (["?_raw_spin_unlock_irqrestore", "outer"], "outer"),
    // A helper is not a name: the task that ran is.
    (["?ktime_get"], "cc1-41"),
    (["__x86_indirect_thunk_array"], "cc1-41"),
    // Only the timekeeping reads it.
    (["?read_tsc", "outer"], "outer"),
  ])
  func `a caller that may be missing is said in the name and in the evidence`(
    stack: [String], name: String
  ) {
    let verdict = held(stack)
    #expect(verdict.culprit == .preemptOff)
    #expect(verdict.name == name)
    #expect(verdict.confidence == .likely)
    #expect(
      verdict.evidence.contains { $0.text.contains("may be missing") }
        == (stack.first == "?ktime_get"))
  }

  private func switched(_ stack: [String], end: [String]) -> Finding {
    var whole = section("wakeup_rt", 904, 3_490, task: TimelineBuilder.tid)
    whole.endStack = end
    return held(stack, whole)
  }

  @Test(arguments: [
    // The function that let go of the CPU is the one that is missing before its caller.
    (
      ["?ktime_get", "outer", "kthread"], ["inner", "outer", "kthread"], "inner"
    ),
    (["read_tsc", "outer", "kthread"], ["inner+0x2a", "outer", "kthread"], "inner"),
    (["?ktime_get", "inner", "outer"], ["inner", "outer"], "inner"),
    // Other callers, or more than one function more: another call.
    (
      ["?ktime_get", "outer", "kthread"], ["inner", "other", "kthread"], "outer or its callee"
    ),
    (["?ktime_get", "outer"], ["deep", "inner", "outer"], "outer or its callee"),
    (["__x86_indirect_thunk_array"], ["inner", "outer"], "inner"),
    // It was not a helper that was interrupted.
    (["deep", "outer"], ["inner", "outer"], "deep"),
  ])
  func `the stack of the switch names the function that was left out`(
    stack: [String], end: [String], name: String
  ) {
    let path = [
      "__trace_stack", "probe_wakeup_sched_switch", "__traceiter_sched_switch", "__schedule",
      "preempt_schedule", "preempt_schedule_thunk",
    ]
    let verdict = switched(stack, end: path + end)
    #expect(verdict.name == name)
    #expect(verdict.confidence == .likely)
  }

  @Test(arguments: [
    ["__schedule", "preempt_schedule_irq", "inner", "outer", "kthread"],
    ["__schedule", "schedule", "inner", "outer", "kthread"],
    ["preempt_schedule", "inner", "outer", "kthread"],
    ["__schedule", "preempt_schedule"], ["__schedule"], [],
  ])
  func `a switch for another reason names nothing`(end: [String]) {
    #expect(switched(["?ktime_get", "outer", "kthread"], end: end).name == "outer or its callee")
  }

  @Test func `steal time takes the proof away`() {
    let result = Scenario(
      .irqsOff, "", .likely, wake: 1_130, sections: [section("irqsoff", 850, 1_117)],
      context: {
        $0.hypervisor = "KVM"
        $0.steal = [1: Nanoseconds(10_000_000)]
      }
    ) { own, _ in
      Scenarios.lateTimer(&own, 1_117, ["_raw_spin_unlock_irqrestore", "rmqueue"])
    }.analysis
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.confidence == .likely)
  }

  @Test func `preemptoff proves the held section on a preemptible kernel`() {
    let result = Scenario(
      .preemptOff, "", .proven, wake: 3_500, model: .full,
      sections: [
        section("preemptoff", 300, 3_489),
        section("wakeup_rt", 904, 3_490, task: TimelineBuilder.tid),
      ]
    ) { own, _ in Scenarios.held(&own, until: 3_490, ["execute_preemptirqtest"]) }.analysis
    #expect(result.culprit.culprit == .preemptOff)
    #expect(result.culprit.confidence == .proven)
    #expect(result.culprit.name == "execute_preemptirqtest")
    #expect(result.culprit.evidence.contains { $0.event == "wakeup_rt" })
  }

  @Test func `irq_disable and irq_enable events are a section`() {
    let result = Scenario(.irqsOff, "preemptirqtest_0", .proven, wake: 1_130) { own, _ in
      own.sleep(at: 0, expiry: 900, next: worker)
      own.other(
        850, pid: 41, "preemptirq", "irq_disable", fields: [("caller", "preemptirqtest_0+0x11")],
        flags: EventContext.Bit.irqsOff)
      own.other(
        1_116.5, pid: 41, "preemptirq", "irq_enable", fields: [("caller", "preemptirqtest_0+0x31")],
        flags: EventContext.Bit.irqsOff)
      own.wake(at: 1_117, interrupting: 41, stack: nil)
      own.change(1_125, from: worker, state: .preempted, to: measured)
    }.analysis
    #expect(result.culprit.culprit == .irqsOff)
    #expect(result.culprit.name == "preemptirqtest_0")
    #expect(result.culprit.confidence == .proven)
  }
}
