internal import SystemPackage

/// What is known of a refusal by its reason and by the file that refused.
enum TracefsHint {
  /// The advice for an error of `access`; `files` tells of the machine where that decides.
  static func text(_ access: FileAccess, _ errno: Errno, _ files: ControlFiles) -> String {
    let name = access.path.split(separator: "/").last.map(String.init) ?? access.path
    switch errno {
    case .notPermitted, .permissionDenied: return permission(files)
    case .noSuchFileOrDirectory:
      if access.operation == .makeDirectory && access.path.contains("/instances/") {
        return "this tracefs has no instances: Linux 3.10 or later is needed"
      }
      return missing(access.path, name)
    case .resourceBusy: return busy(access, name)
    case .invalidArgument: return invalid(name, access.value)
    case .noMemory: return memory(name, files)
    case .operationNotSupportedByDevice:
      return access.path.contains("/per_cpu/")
        ? "this CPU has no buffer: it was never online"
        : "the kernel does not offer it: it needs CONFIG_TRACING"
    case .noSpace, .readOnlyFileSystem:
      return "choose another directory, or make room in this one"
    default: return ""
    }
  }

  private static func permission(_ files: ControlFiles) -> String {
    guard files.isRoot else { return "this needs root: run it with sudo" }
    if let lockdown = Capabilities.lockdown(files), lockdown != "none" {
      return "the kernel is locked down (\(lockdown)): boot without lockdown= and Secure Boot, "
        + "or do without what this asks for"
    }
    return "the kernel refuses this even to root: a security policy or a container without "
      + "CAP_SYS_ADMIN; do without what this asks for"
  }

  private static func busy(_ access: FileAccess, _ name: String) -> String {
    switch (access.operation, name) {
    case (.removeDirectory, _): "a file in it is still open"
    case (_, "current_tracer"):
      "a tracer of the same family runs in another instance, or the tracer's file is open"
    case (_, "buffer_size_kb"), (_, "buffer_subbuf_size_kb"):
      "the buffer is mapped or being read by another process"
    default: "another process uses it: see `breaktrace status`"
    }
  }

  private static func invalid(_ name: String, _ value: String?) -> String {
    switch name {
    case "trace_clock": return "this kernel has no such clock"
    case "current_tracer":
      guard let value, let option = option(ofTracer: value) else {
        return "this kernel has no such tracer; `breaktrace doctor` lists those it has"
      }
      return "this kernel has no such tracer: it needs \(option)"
    case "filter":
      return "the filter names a field that the event has not, or is longer than one page"
    case "trigger": return "the kernel does not know the trigger, or its condition is wrong"
    default: return "the kernel does not take this value"
    }
  }

  private static func memory(_ name: String, _ files: ControlFiles) -> String {
    guard name.hasPrefix("buffer_") else { return "the kernel is out of memory" }
    guard let available = files.availableKilobytes else {
      return "the buffer is too big for this machine: ask for less"
    }
    return
      "the buffers of all CPUs together do not fit: \(available) KiB are available; ask for less"
  }

  /// The kernel option or version that a missing file stands for.
  private static func missing(_ path: String, _ name: String) -> String {
    if path.contains("/events/") {
      if path.contains("/events/irq_vectors/") { return "x86 kernels only" }
      if path.contains("/events/syscalls/") { return "this kernel lacks CONFIG_FTRACE_SYSCALLS" }
      if path.contains("/events/preemptirq/") {
        return "this kernel lacks CONFIG_PREEMPTIRQ_TRACEPOINTS"
      }
      return "this kernel has no such event"
    }
    if path.contains("/osnoise/options") {
      return
        "this kernel's osnoise runs only with threads of its own that keep the CPUs busy: without them "
        + "(NO_OSNOISE_WORKLOAD) it needs Linux 6.2"
    }
    switch name {
    case "tracing_thresh":
      return "this kernel has no latency tracer: it lacks CONFIG_IRQSOFF_TRACER, "
        + "CONFIG_SCHED_TRACER and CONFIG_HWLAT_TRACER"
    case "tracing_max_latency": return "it exists only while a latency tracer can run here"
    case "snapshot": return "this kernel lacks CONFIG_TRACER_SNAPSHOT"
    case "hist": return "this kernel lacks CONFIG_HIST_TRIGGERS"
    case "set_ftrace_filter", "enabled_functions", "set_ftrace_pid":
      return "this kernel lacks CONFIG_DYNAMIC_FTRACE"
    case "set_graph_function": return "this kernel lacks CONFIG_FUNCTION_GRAPH_TRACER"
    case "kprobe_events": return "this kernel lacks CONFIG_KPROBE_EVENTS"
    case "synthetic_events": return "this kernel lacks CONFIG_SYNTH_EVENTS"
    case "buffer_subbuf_size_kb": return "it came with Linux 6.8"
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
