import Foundation

/// The settings of the top level of tracefs, file by file.
enum TracefsSnapshot {
  static let root = "/sys/kernel/tracing"
  private static let settings = [
    "tracing_on", "current_tracer", "trace_clock", "buffer_size_kb", "buffer_percent",
    "tracing_cpumask", "tracing_thresh", "set_event", "set_event_pid", "set_event_notrace_pid",
    "set_ftrace_pid", "set_ftrace_filter", "saved_cmdlines_size", "trace_options", "events/enable",
    "uprobe_events", "dynamic_events",
  ]

  /// Text by path; a file that the kernel does not have is left out.
  static func take() throws -> [String: String] {
    var found: [String: String] = [:]
    for name in settings where access("\(root)/\(name)", R_OK) == 0 {
      found[name] = Machine.text("\(root)/\(name)")
    }
    for name in ["ftrace_enabled", "sched_rt_runtime_us", "timer_migration"] {
      found[name] = Machine.text("/proc/sys/kernel/\(name)")
    }
    return found
  }
}
