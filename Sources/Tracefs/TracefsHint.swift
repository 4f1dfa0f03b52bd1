internal import SystemPackage

/// What a refusal means, by its reason and by the file that refused: `why; what to do next`.
enum TracefsHint {
  /// The hint for an error of `access`; `files` answers what depends on the machine.
  static func text(_ access: FileAccess, _ errno: Errno, _ files: ControlFiles) -> String {
    let name = access.path.split(separator: "/").last.map(String.init) ?? access.path
    switch errno {
    case .notPermitted, .permissionDenied: return permission(files)
    case .noSuchFileOrDirectory:
      if access.operation == .makeDirectory && access.path.contains("/instances/") {
        return "tracefs has no instances before Linux 3.10"
      }
      return missing(access.path, name)
    case .resourceBusy: return busy(access, name)
    case .invalidArgument: return invalid(name, access.value)
    case .noMemory: return memory(name, files)
    case .operationNotSupportedByDevice:
      return access.path.contains("/per_cpu/")
        ? "this CPU has no buffer, it was never online"
        : "the kernel lacks CONFIG_TRACING"
    case .noSpace, .readOnlyFileSystem:
      return "choose another directory, or free some space"
    default: return ""
    }
  }

  private static func permission(_ files: ControlFiles) -> String {
    guard files.isRoot else { return "root is required; run it with sudo" }
    if let lockdown = Capabilities.lockdown(files), lockdown != "none" {
      return "the kernel is locked down (\(lockdown)); boot without lockdown= and Secure Boot, "
        + "or omit the option that requires this"
    }
    return "a security policy or a container without CAP_SYS_ADMIN denies this even to root; omit "
      + "the option that requires this"
  }

  private static func busy(_ access: FileAccess, _ name: String) -> String {
    switch (access.operation, name) {
    case (.removeDirectory, _): "a process has a file in it open"
    case (_, "current_tracer"):
      "a tracer of the same family runs in another instance, or a process reads the trace"
    case (_, "buffer_size_kb"), (_, "buffer_subbuf_size_kb"):
      "another process has mapped the buffer or reads it"
    default: "another process uses it; see `breaktrace status`"
    }
  }

  private static func invalid(_ name: String, _ value: String?) -> String {
    switch name {
    case "trace_clock": return "this kernel has no such clock"
    case "current_tracer":
      guard let value, let option = option(ofTracer: value) else {
        return "this kernel has no such tracer; `breaktrace doctor` lists the available ones"
      }
      return "this kernel has no such tracer, which requires \(option)"
    case "filter":
      return "the event has no such field, or the filter is longer than one page"
    case "trigger": return "the kernel has no such trigger, or its condition is invalid"
    default: return "the kernel does not accept this value"
    }
  }

  private static func memory(_ name: String, _ files: ControlFiles) -> String {
    guard name.hasPrefix("buffer_") else { return "the kernel is out of memory" }
    guard let available = files.availableKilobytes else {
      return "the ring buffer does not fit into memory; choose a smaller size"
    }
    return
      "the ring buffers of all CPUs do not fit, \(available) KiB are available; choose a smaller size"
  }

  /// The kernel option or version that provides a missing file.
  private static func missing(_ path: String, _ name: String) -> String {
    if path.contains("/events/") {
      if path.contains("/events/irq_vectors/") { return "only x86 kernels have this event" }
      if path.contains("/events/syscalls/") { return "this kernel lacks CONFIG_FTRACE_SYSCALLS" }
      if path.contains("/events/preemptirq/") {
        return "this kernel lacks CONFIG_PREEMPTIRQ_TRACEPOINTS"
      }
      return "this kernel has no such event"
    }
    if path.contains("/osnoise/options") {
      return
        "osnoise cannot run without its own threads (NO_OSNOISE_WORKLOAD) before Linux 6.2, and these "
        + "occupy the CPUs"
    }
    switch name {
    case "tracing_thresh":
      return "this kernel has no latency tracer, which requires CONFIG_IRQSOFF_TRACER, "
        + "CONFIG_SCHED_TRACER or CONFIG_HWLAT_TRACER"
    case "tracing_max_latency": return "it exists only where a latency tracer is available"
    case "snapshot": return "this kernel lacks CONFIG_TRACER_SNAPSHOT"
    case "hist": return "this kernel lacks CONFIG_HIST_TRIGGERS"
    case "set_ftrace_filter", "enabled_functions", "set_ftrace_pid":
      return "this kernel lacks CONFIG_DYNAMIC_FTRACE"
    case "set_graph_function": return "this kernel lacks CONFIG_FUNCTION_GRAPH_TRACER"
    case "kprobe_events": return "this kernel lacks CONFIG_KPROBE_EVENTS"
    case "synthetic_events": return "this kernel lacks CONFIG_SYNTH_EVENTS"
    case "buffer_subbuf_size_kb": return "it requires Linux 6.8"
    default:
      return path.contains("/options/") ? "this kernel or tracer has no such option" : ""
    }
  }

  /// The kernel option that builds a tracer.
  static func option(ofTracer name: String) -> String? {
    switch name {
    case "irqsoff": "CONFIG_IRQSOFF_TRACER"
    case "preemptoff": "CONFIG_PREEMPT_TRACER"
    case "preemptirqsoff": "CONFIG_IRQSOFF_TRACER and CONFIG_PREEMPT_TRACER"
    case "wakeup", "wakeup_rt", "wakeup_dl": "CONFIG_SCHED_TRACER"
    case "function": "CONFIG_FUNCTION_TRACER"
    case "function_graph": "CONFIG_FUNCTION_GRAPH_TRACER"
    case "hwlat": "CONFIG_HWLAT_TRACER"
    case "osnoise": "CONFIG_OSNOISE_TRACER"
    case "timerlat": "CONFIG_TIMERLAT_TRACER"
    case "blk": "CONFIG_BLK_DEV_IO_TRACE"
    case "mmiotrace": "CONFIG_MMIOTRACE"
    default: nil
    }
  }
}
