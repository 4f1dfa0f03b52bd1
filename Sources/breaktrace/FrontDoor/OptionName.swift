/// The identity of an option; the raw value is its canonical long name.
enum OptionName: String, Hashable, Sendable, CaseIterable {
  // Threads and timing.
  case affinity, aligned, secaligned, clock, distance, duration, interval, loops, nanosleep, numa
  case policy, priority, priospread, relative, smp, system, threads
  case posixTimers = "posix_timers"
  // The system around the measurement.
  case defaultSystem = "default-system"
  case lockMemory = "mlockall"
  case leaveMemory = "no-mlockall"
  case laptop, latency, mainaffinity, smi
  // Results.
  case fifo, histfile, histofall, histogram, json, nsecs, oscope, quiet, resolution, spike
  case unbuffered, verbose
  case debug = "dbg_cyclictest"
  case overflowTimes = "of_max"
  case refreshOnMaximum = "refresh_on_max"
  case spikeNodes = "spike-nodes"
  case format, output
  // The break and its trace.
  case breaktrace, context, event, ftrace, irqsoff, preemptirqs, preemptoff, tracemark, traceopt
  case tracer, wakeup, wakeuprt
  case buffer, escalate, events, spikes, stack
  case escalateBudget = "escalate-budget"
  case noStack = "no-stack"
  case noTrace = "no-trace"
  case tracerFallback = "tracer-fallback"
  case tracerFilter = "tracer-filter"
  // The command itself.
  case help, version
}
