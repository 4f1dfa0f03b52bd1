public import TraceModel

/// What an instance is to be armed with: what is wanted, not what the kernel gave.
public struct ArmingPlan: Hashable, Sendable {
  /// An event to be enabled.
  public struct Event: Hashable, Sendable {
    /// The event.
    public var event: EventName
    /// Its filter, nil for all of its records.
    public var filter: String?
    /// Whether arming fails where it cannot be had; else that is only reported.
    public var isRequired: Bool

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(_ event: EventName, filter: String? = nil, isRequired: Bool = false) {
      self.event = event
      self.filter = filter
      self.isRequired = isRequired
    }
  }

  /// A trigger to be set.
  public struct Trigger: Hashable, Sendable {
    /// The event that fires it.
    public var event: EventName
    /// The command with its condition: `stacktrace if pid==12`.
    public var text: String
    /// Whether arming fails where it cannot be had; else that is only reported.
    public var isRequired: Bool

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(_ event: EventName, _ text: String, isRequired: Bool = false) {
      self.event = event
      self.text = text
      self.isRequired = isRequired
    }
  }

  /// A synthetic event to be defined: global, so it goes through the journal.
  public struct SyntheticEvent: Hashable, Sendable {
    /// Its name; no other definition may have it.
    public var name: String
    /// Its fields as `synthetic_events` takes them: `u64 lat; pid_t pid`.
    public var fields: String

    /// Memberwise.
    public init(name: String, fields: String) {
      self.name = name
      self.fields = fields
    }
  }

  /// A trace option to be set.
  public struct Option: Hashable, Sendable {
    /// Its name in `options/`.
    public var name: String
    /// Its wanted state.
    public var isOn: Bool
    /// Whether arming fails where it cannot be had; else that is only reported.
    public var isRequired: Bool

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(_ name: String, _ isOn: Bool, isRequired: Bool = false) {
      self.name = name
      self.isOn = isOn
      self.isRequired = isRequired
    }
  }

  /// A setting outside of the instance that a tracer has, changed through the journal before the
  /// tracer is set.
  public struct Setting: Hashable, Sendable {
    /// Its name below the root of tracefs; `FILE#WORD` for one switch of a file, `FILE#` for a
    /// list.
    public var name: String
    /// The wanted value.
    public var value: String
    /// Tracers that use it: while somebody else runs one of them it is left alone, which is an
    /// error.
    public var users: Set<String>

    /// Memberwise.
    public init(_ name: String, _ value: String, users: Set<String>) {
      self.name = name
      self.value = value
      self.users = users
    }
  }

  /// Settings outside of the instance, in this order; each is required.
  public var settings: [Setting] = []
  /// Buffer of each CPU in KiB (`buffer_size_kb`); the kernel rounds it, see the outcome.
  public var bufferKilobytes: Int
  /// Clocks by preference (`trace_clock`); the first that the kernel has is taken, none at all is
  /// an error.
  public var clocks: [String]
  /// Whether the clock of the top level is taken in place of `clocks`. The kernel times the section
  /// of a latency tracer with that one, whatever the instance's is, and hides lines that seem older
  /// than the section.
  public var followsTopLevelClock = false
  /// Events.
  public var events: [Event]
  /// Synthetic events, defined before the events are enabled and removed after the instance.
  /// Refusal is an error.
  public var syntheticEvents: [SyntheticEvent] = []
  /// Triggers.
  public var triggers: [Trigger]
  /// Options; `function-trace` is set before the tracer, the others after it.
  public var options: [Option]
  /// CPUs whose events are recorded (`tracing_cpumask`), nil for all.
  public var cpus: CPUSet?
  /// Tracer (`current_tracer`), nil for `nop`. Its refusal is an error.
  public var tracer: String?
  /// Functions that the function tracers are limited to (`set_ftrace_filter`), wildcards as the
  /// kernel knows them; empty for all.
  public var functionFilter: [String] = []
  /// `tracing_thresh` in us: global, so it goes through the journal; nil leaves it alone.
  public var tracingThreshold: Int?
  /// Tasks whose events alone are recorded (`set_event_pid`); empty for all.
  public var eventPIDs: [Int32]
  /// Whether a second buffer of the same size is wanted, for which the kernel can exchange the
  /// first at once (`snapshot`); where it cannot be had that is only reported.
  public var wantsSpare = false
  /// Whether tracing is switched on as the last step; else `ArmedInstance.start()` does it.
  public var startsAtOnce: Bool

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    bufferKilobytes: Int = 2_048, clocks: [String] = ["mono"], events: [Event] = [],
    triggers: [Trigger] = [], options: [Option] = [], cpus: CPUSet? = nil, tracer: String? = nil,
    tracingThreshold: Int? = nil, eventPIDs: [Int32] = [], startsAtOnce: Bool = true
  ) {
    self.bufferKilobytes = bufferKilobytes
    self.clocks = clocks
    self.events = events
    self.triggers = triggers
    self.options = options
    self.cpus = cpus
    self.tracer = tracer
    self.tracingThreshold = tracingThreshold
    self.eventPIDs = eventPIDs
    self.startsAtOnce = startsAtOnce
  }

  /// The plan for the instance that holds the events of a measurement: core events on clock mono,
  /// and the stack of whatever is interrupted by the wakeup of a measured task.
  ///
  /// - Parameters:
  ///   - bufferKilobytes: Buffer of each CPU.
  ///   - tids: The measured threads; without any there is no stack and no page fault.
  ///   - comm: Their name, in place of the tids where these are too many for a filter.
  ///   - hasStack: Whether the stack is taken; it costs 7 to 13 us a wakeup.
  public static func core(
    bufferKilobytes: Int = 2_048, tids: [Int32], comm: String? = nil, hasStack: Bool = true
  ) -> ArmingPlan {
    var plan = ArmingPlan(
      bufferKilobytes: bufferKilobytes, clocks: ["mono", "mono_raw", "boot", "global", "local"],
      events: CoreEvents.list(tids: tids, comm: comm))
    if hasStack,
      let filter = EventFilterText.tasks(tids, field: "pid", comm: comm, commField: "comm")
    {
      plan.triggers = [Trigger(CoreEvents.waking, "stacktrace if \(filter)")]
    }
    return plan
  }

  /// The plan for the second instance, in which a latency tracer runs without function tracing.
  ///
  /// - Parameters:
  ///   - tracer: The tracer.
  ///   - thresholdMicroseconds: `tracing_thresh`: the last section above it is kept. It is below
  ///     the threshold.
  ///   - hasFunctions: Whether functions are traced too, which makes sections 10 to 20 times
  ///     longer.
  ///   - bufferKilobytes: Buffer of each CPU.
  public static func latencyTracer(
    _ tracer: String, thresholdMicroseconds: Int?, hasFunctions: Bool = false,
    bufferKilobytes: Int = 512
  ) -> ArmingPlan {
    ArmingPlan(
      bufferKilobytes: bufferKilobytes, clocks: ["mono", "mono_raw", "boot", "global", "local"],
      options: [Option("function-trace", hasFunctions)], tracer: tracer,
      tracingThreshold: thresholdMicroseconds)
  }
}
