/// What a task became when it was switched out: the `prev_state` field of sched_switch.
public enum TaskState: Hashable, Sendable {
  /// It gave up the CPU while still runnable by itself or at its time slice's end (`R`).
  case runnable
  /// It was preempted inside the kernel while runnable (`R+`, TASK_REPORT_MAX bit).
  case preempted
  /// It went to sleep or ended; the letters are the kernel's (`S`, `D`, `X|Z`, …).
  case blocked(String)

  /// Whether the task still wanted the CPU.
  public var isRunnable: Bool {
    switch self {
    case .runnable, .preempted: true
    case .blocked: false
    }
  }

  /// The letters as ftrace prints them.
  public var letters: String {
    switch self {
    case .runnable: "R"
    case .preempted: "R+"
    case .blocked(let letters): letters
    }
  }
}
