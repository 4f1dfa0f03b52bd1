internal import Recorded
internal import TraceModel
internal import Tracefs

/// What makes the kernel measure waits itself: histogram triggers remember when a task was woken,
/// made or preempted, and the switch to it makes a synthetic event, of which the instance keeps the
/// long ones.
enum KernelWaitFilter {
  static let suffix = "waits"
  /// Buffer of each CPU for the reports.
  static let bufferKilobytes = 1_024

  /// Whether the kernel has synthetic events and triggers that make them.
  static func isAvailable(_ root: TracefsRoot) -> Bool {
    ProcText.read(root.file("synthetic_events")) != nil
      && ProcText.read(root.file("README"))?.contains("onmatch(") == true
  }

  /// The event's name: of this run alone, because definitions are global.
  static func name(_ run: RunIdentity) -> String {
    "\(KernelWaitReader.prefix)\(run.pid)_\(run.startTime)"
  }

  static func arming(_ run: RunIdentity, threshold: Nanoseconds) -> ArmingPlan {
    let name = name(run)
    var plan = ArmingPlan(
      bufferKilobytes: bufferKilobytes, clocks: ["mono"],
      events: [
        ArmingPlan.Event(
          EventName("synthetic", name), filter: "lat >= \(max(0, threshold.count))",
          isRequired: true),
        // Whose name is whose: seldom, and needed to distinguish a rename from a mistake.
        ArmingPlan.Event(EventName("task", "task_rename")),
        ArmingPlan.Event(EventName("task", "task_newtask")),
        ArmingPlan.Event(EventName("sched", "sched_process_fork")),
      ], options: [ArmingPlan.Option("record-cmd", false)])
    plan.syntheticEvents = [
      ArmingPlan.SyntheticEvent(
        name: name, fields: "u64 lat; u64 end; u64 cause; pid_t pid; int prio; char comm[16]")
    ]
    let table = "clock=mono:size=\(tableSize)"
    let out = EventName("sched", "sched_switch")
    let waking = EventName("sched", "sched_waking")
    let new = EventName("sched", "sched_wakeup_new")
    plan.triggers = [
      .init(waking, "hist:keys=pid:btw=common_timestamp:\(table) if pid!=0", isRequired: true),
      .init(new, "hist:keys=pid:btn=common_timestamp:\(table) if pid!=0", isRequired: true),
      // R, and R+ of a task that was preempted in the kernel.
      .init(
        out,
        "hist:keys=prev_pid:btp=common_timestamp:\(table)"
          + " if prev_pid!=0&&(prev_state==0||prev_state==256)", isRequired: true),
    ]
    // Three histograms over the same keys: the kernel distinguishes them by their conditions, which
    // mean the same.
    let ends = [
      ("w", "sched.sched_waking", 0, "!=0"), ("p", "sched.sched_switch", 1, ">0"),
      ("n", "sched.sched_wakeup_new", 2, ">=1"),
    ]
    plan.triggers += ends.map { (letter, from, cause, condition) in
      .init(
        out,
        "hist:keys=next_pid:bte\(letter)=common_timestamp:btl\(letter)=common_timestamp-$bt\(letter)"
          + ":btc\(letter)=\(cause):\(table):onmatch(\(from)).trace(\(name),$btl\(letter),"
          + "$bte\(letter),$btc\(letter),next_pid,next_prio,next_comm) if next_pid\(condition)",
        isRequired: true)
    }
    return plan
  }

  /// Tasks that each table holds; what does not fit is counted by the kernel.
  private static let tableSize = 16_384

  /// How many events found no place in the tables, as the kernel counts them.
  static func dropped(_ instance: ArmedInstance) -> UInt64 {
    ["sched_switch", "sched_waking", "sched_wakeup_new"].reduce(0) { sum, event in
      let text = ProcText.read(instance.file("events/sched/\(event)/hist")) ?? ""
      return text.split(separator: "\n").reduce(sum) { sum, line in
        let words = line.split(separator: " ")
        return words.count == 2 && words[0] == "Dropped:" ? sum + (UInt64(words[1]) ?? 0) : sum
      }
    }
  }
}
