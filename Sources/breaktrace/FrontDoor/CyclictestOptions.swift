import TraceModel

/// A measurement as a command line asks for it: every option typed, nothing looked up in the
/// system.
struct CyclictestOptions: Hashable, Sendable {
  /// What the command line wants done.
  enum Action: Hashable, Sendable {
    /// Measure.
    case run
    /// Print the help text.
    case help
    /// Print the version.
    case version
  }

  /// Where threads run.
  enum Affinity: Hashable, Sendable {
    /// Thread N on the Nth CPU that may be used.
    case each
    /// Round robin on the CPUs of the set.
    case set(CPUSelection)
  }

  /// How many threads there are.
  enum Threads: Hashable, Sendable {
    /// As many.
    case count(Int)
    /// One for each CPU that may be used, or of the set of `affinity`.
    case perCPU
  }

  /// How wakeups of the threads are aligned; the offset is in us.
  enum Alignment: Hashable, Sendable {
    /// All threads start together, thread N `offset` us * N later.
    case common(offset: Int64)
    /// At the next full second and `offset` us.
    case fullSecond(offset: Int64)
  }

  /// The clock of wakeups.
  enum Clock: Int, Hashable, Sendable {
    /// CLOCK_MONOTONIC
    case monotonic = 0
    /// CLOCK_REALTIME
    case realtime = 1
  }

  /// How a thread waits.
  enum Wait: Hashable, Sendable {
    /// clock_nanosleep(2)
    case clockNanosleep
    /// nanosleep(2) (`-s`)
    case nanosleep
    /// setitimer(2) (`-s -x`)
    case itimer
    /// timer_create(2) (`-x`)
    case posixTimer
  }

  /// What `-e`, `--laptop` and `--default-system` say of power management.
  enum PowerManagement: Hashable, Sendable {
    /// Hold this value (us) in /dev/cpu_dma_latency.
    case hold(Int64)
    /// Leave it alone.
    case untouched
  }

  /// The report's format.
  enum Format: String, Hashable, Sendable {
    case text, markdown, json
  }

  /// What to do.
  var action = Action.run
  /// The options in the order in which they were written, repetitions included.
  var given: [OptionName] = []
  /// Remarks for standard error: how something was understood, what is ignored and why.
  var notes: [String] = []

  // Threads and timing.

  /// `-a`, `-S`, `-U`; nil pins nothing.
  var affinity: Affinity?
  /// `-t`, `-S`, `-U`; nil is one thread.
  var threads: Threads?
  /// `-S`
  var smp = false
  /// `-U`
  var numa = false
  /// `-A`, `--secaligned`; nil aligns nothing.
  var alignment: Alignment?
  /// `-c`
  var clock = Clock.monotonic
  /// `-d` in us, nil where it was not given: 500, or 0 with a histogram.
  var distance: Int64?
  /// `-D` in seconds, nil is endless.
  var duration: Int64?
  /// `-i` in us, 1 and more.
  var interval: Int64 = 1_000
  /// `-l`, nil is endless.
  var loops: Int64?
  /// `-s`, `-x`, `-n`
  var wait = Wait.clockNanosleep
  /// `-r`
  var relative = false
  /// `-p`, 0...99; nil where it was not given.
  var priority: Int32?
  /// `--policy`; nil where it was not given: fifo with a priority, other without.
  var policy: SchedulingPolicy?
  /// `-Q`
  var prioritySpread = false

  // The system.

  /// `-e`, `--laptop`, `--default-system`
  var powerManagement = PowerManagement.hold(0)
  /// `-m`, `--no-mlockall`
  var lockMemory = true
  /// `--mainaffinity`
  var mainAffinity: CPUSelection?
  /// `--smi`
  var countSMI = false

  // Results.

  /// `-q`
  var quiet = false
  /// `-v`
  var verbose = false
  /// `-o`, 1 and more.
  var oscilloscopeReduction: Int64 = 1
  /// `-h`, `-H`: buckets of 1 us, nil for no histogram.
  var histogram: Int64?
  /// `-H`
  var histogramSum = false
  /// `--histfile`
  var histogramFile: String?
  /// `-g`
  var overflowTimes: Int64?
  /// `--json`
  var jsonFile: String?
  /// `-N`; `breakThreshold` and `histogram` are in us all the same.
  var nanoseconds = false
  /// `-M`
  var refreshOnMaximum = false
  /// `-u`
  var unbuffered = false
  /// `-F`
  var fifo: String?
  /// `--spike` in us.
  var spikeThreshold: Int64?
  /// `--spike-nodes`
  var spikeNodes: Int64 = 1_024
  /// `-R`
  var checkResolution = false
  /// `-X`
  var debug = false
  /// `--format`
  var format = Format.text
  /// `--output`, nil for the current directory.
  var output: String?

  // The break and its trace.

  /// `-b` in us; nil for no break.
  var breakThreshold: Int64?
  /// `--spikes`
  var spikes: Int64 = 1
  /// `--escalate`
  var escalate = false
  /// `--escalate-budget` in us; nil for the default.
  var escalateBudget: Int64?
  /// `--buffer` in KiB for each CPU; nil for the default.
  var bufferKiB: Int64?
  /// `--events`: `system` or `system:event`, wildcards allowed.
  var events: [String] = []
  /// `-E`
  var eventTracing = false
  /// `-C`
  var contextSwitches = false
  /// `--stack`, `--no-stack`
  var stack = true
  /// Not `--no-trace`.
  var trace = true
  /// `--tracemark`
  var tracemark = false
  /// `-I`, `-P`, `-B`, `-w`, `-W`, `-T`, or `function` for `-f` alone; nil for no tracer.
  var tracer: String?
  /// `-f`
  var functionTrace = false
  /// `--tracer-filter`
  var tracerFilter: [String] = []
  /// `--tracer-fallback`
  var tracerFallback = false
  /// `-O`
  var traceOptions: [String] = []

  /// Makes the options of an empty command line.
  init() {}
}
