internal import SystemPackage
internal import TraceModel

/// The steps that make an armed instance of an empty one, in the order in which nothing empties or
/// disturbs what came before: threshold, tracer, clock, size, options, CPUs, synthetic events,
/// events, filters, triggers.
struct InstanceArming {
  let plan: ArmingPlan
  let root: TracefsRoot
  let instance: String
  let files: ControlFiles
  let journal: Journal
  var items: [ArmingItem] = []
  var changes: [JournalChange] = []

  /// The directory of the instance.
  var directory: String { root.instance(instance) }

  init(
    plan: ArmingPlan, root: TracefsRoot, instance: String, files: ControlFiles, journal: Journal
  ) {
    self.plan = plan
    self.root = root
    self.instance = instance
    self.files = files
    self.journal = journal
  }

  /// Applies the plan but for the switch `tracing_on`, which is off from the first step on.
  mutating func apply() throws(TracefsError) {
    try files.write("0", to: file("tracing_on"))
    for option in plan.options where option.name == "function-trace" { try set(option) }
    for setting in plan.settings { try set(setting) }
    try setFunctionFilter()
    try setThreshold()
    try setTracer()
    try setClock()
    try setBuffer()
    setSpare()
    for option in plan.options where option.name != "function-trace" { try set(option) }
    try setCPUs()
    try setEventPIDs()
    for event in plan.syntheticEvents { try define(event) }
    for event in plan.events { try enable(event) }
    for event in plan.events { try setFilter(event) }
    for trigger in plan.triggers { try set(trigger) }
  }

  private func file(_ name: String) -> String { "\(directory)/\(name)" }

  /// Records an item's outcome; throws where the item is required.
  private mutating func record(
    _ kind: ArmingItem.Kind, _ name: String, wanted: String, isRequired: Bool,
    _ body: (ControlFiles) throws(TracefsError) -> String
  ) throws(TracefsError) {
    do throws(TracefsError) {
      let got = try body(files)
      items.append(ArmingItem(kind: kind, name: name, wanted: wanted, got: got))
    } catch {
      // Out of memory, a vanished instance or an I/O error is not a missing feature: going on would
      // hide it.
      if isRequired || !Self.meansAbsent(error) { throw error }
      items.append(ArmingItem(kind: kind, name: name, wanted: wanted, error: error))
    }
  }

  /// Whether a refusal says that the kernel does not have or not allow what was asked for.
  private static func meansAbsent(_ error: TracefsError) -> Bool {
    switch error.errno {
    case .noSuchFileOrDirectory, .invalidArgument, .notPermitted, .permissionDenied,
      .operationNotSupportedByDevice,
      .notSupported, .notDirectory, .none:
      true
    default: false
    }
  }

  private mutating func set(_ option: ArmingPlan.Option) throws(TracefsError) {
    let path = file("options/\(option.name)")
    let value = option.isOn ? "1" : "0"
    try record(.option, option.name, wanted: value, isRequired: option.isRequired) {
      (files) throws(TracefsError) in
      try files.write(value, to: path)
      return try files.value(path)
    }
  }

  private mutating func set(_ setting: ArmingPlan.Setting) throws(TracefsError) {
    let path = root.file(setting.name)
    let other = TracerFamily.running(in: root, files: files).first {
      $0.0 != instance && setting.users.contains($0.1)
    }
    if let (name, tracer) = other {
      let place = name.map { "instance \($0)" } ?? "the top level of tracefs"
      throw TracefsError(
        .write, path: path, value: setting.value, errno: .resourceBusy,
        hint: "tracer \(tracer) runs in \(place) and uses this setting; stop it first")
    }
    let change = try journal.change(path, to: setting.value)
    changes.append(change)
    items.append(
      ArmingItem(
        kind: .setting, name: setting.name, wanted: setting.value, got: change.value))
  }

  /// Before the tracer: it patches the functions of the filter only.
  private mutating func setFunctionFilter() throws(TracefsError) {
    guard !plan.functionFilter.isEmpty else { return }
    // `set_graph_function` is not a file of an instance.
    let name = "set_ftrace_filter"
    let path = file(name)
    let value = plan.functionFilter.joined(separator: " ")
    try record(.functionFilter, name, wanted: value, isRequired: true) {
      (files) throws(TracefsError) in
      do throws(TracefsError) {
        try files.write(value, to: path)
      } catch  where error.errno == .invalidArgument {
        throw error.adding(
          hint: "a function is not in available_filter_functions, or its module is not loaded")
      }
      return value
    }
  }

  private mutating func setThreshold() throws(TracefsError) {
    guard let threshold = plan.tracingThreshold else { return }
    let change = try journal.change(root.file("tracing_thresh"), to: String(threshold))
    changes.append(change)
    items.append(
      ArmingItem(
        kind: .threshold, name: "tracing_thresh", wanted: String(threshold), got: change.value))
  }

  private mutating func setTracer() throws(TracefsError) {
    guard let tracer = plan.tracer else { return }
    let path = file("current_tracer")
    if let holder = TracerFamily.holder(of: tracer, in: root, except: instance, files: files) {
      throw TracefsError(
        .write, path: path, value: tracer, errno: .resourceBusy,
        hint: "\(holder), and an attempt would stop its recording; stop that tracer first")
    }
    try record(.tracer, "current_tracer", wanted: tracer, isRequired: true) {
      (files) throws(TracefsError) in
      try files.write(tracer, to: path)
      let got = try files.value(path)
      guard got == tracer else {
        throw TracefsError(
          .write, path: path, value: tracer,
          hint: "the kernel accepted it, but runs \(got)")
      }
      return got
    }
  }

  private mutating func setClock() throws(TracefsError) {
    var clocks = plan.clocks
    if plan.followsTopLevelClock {
      clocks = [ClockList(try files.text(root.file("trace_clock"))).current]
    }
    guard let preferred = clocks.first else { return }
    let path = file("trace_clock")
    let available = ClockList(try files.text(path))
    guard let clock = clocks.first(where: available.names.contains) else {
      throw TracefsError(
        .write, path: path, value: preferred, errno: .invalidArgument,
        hint: "the clocks of this kernel are \(available.names.joined(separator: ", "))")
    }
    try record(.clock, "trace_clock", wanted: preferred, isRequired: true) {
      (files) throws(TracefsError) in
      try files.write(clock, to: path)
      return ClockList(try files.text(path)).current
    }
  }

  private mutating func setBuffer() throws(TracefsError) {
    let path = file("buffer_size_kb")
    let value = String(plan.bufferKilobytes)
    try record(.buffer, "buffer_size_kb", wanted: value, isRequired: true) {
      (files) throws(TracefsError) in
      try files.write(value, to: path)
      // "7 (expanded: 1408)" and "X" (CPUs differ) occur.
      let text = try files.value(path)
      return text.split(separator: " ").first.map(String.init) ?? text
    }
  }

  /// The first exchange is the one that allocates the spare buffer. Doing without one only costs
  /// time at each spike, so that whatever refuses it is not an error.
  private mutating func setSpare() {
    guard plan.wantsSpare else { return }
    let path = file("snapshot")
    var item = ArmingItem(kind: .spare, name: "snapshot", wanted: "1")
    do throws(TracefsError) {
      try files.write("1", to: path)
      item.got = "1"
    } catch {
      item.error = error
    }
    items.append(item)
  }

  private mutating func setCPUs() throws(TracefsError) {
    guard let cpus = plan.cpus else { return }
    let path = file("tracing_cpumask")
    try record(.cpus, "tracing_cpumask", wanted: cpus.mask, isRequired: true) {
      (files) throws(TracefsError) in
      try files.write(cpus.mask, to: path)
      let got = try files.value(path)
      return Self.withoutLeadingZeros(got) == Self.withoutLeadingZeros(cpus.mask) ? cpus.mask : got
    }
  }

  private static func withoutLeadingZeros(_ mask: String) -> String {
    let text = mask.drop { $0 == "0" || $0 == "," }
    return text.isEmpty ? "0" : String(text)
  }

  private mutating func setEventPIDs() throws(TracefsError) {
    guard !plan.eventPIDs.isEmpty else { return }
    let path = file("set_event_pid")
    let value = plan.eventPIDs.map(String.init).joined(separator: " ")
    try record(.eventPIDs, "set_event_pid", wanted: value, isRequired: true) {
      (files) throws(TracefsError) in
      try files.write(value, to: path)
      let got = try files.text(path).split(whereSeparator: \.isWhitespace)
      return Set(got) == Set(value.split(separator: " ")) ? value : got.joined(separator: " ")
    }
  }

  private mutating func define(_ event: ArmingPlan.SyntheticEvent) throws(TracefsError) {
    let change = try journal.define(
      event.name, fields: event.fields, in: root.file(SyntheticEvents.file))
    changes.append(change)
    items.append(
      ArmingItem(kind: .synthetic, name: event.name, wanted: event.fields, got: event.fields))
  }

  private mutating func enable(_ event: ArmingPlan.Event) throws(TracefsError) {
    let path = file("\(event.event.path)/enable")
    try record(.event, event.event.description, wanted: "1", isRequired: event.isRequired) {
      (files) throws(TracefsError) in
      try files.write("1", to: path)
      return "1"
    }
  }

  private mutating func setFilter(_ event: ArmingPlan.Event) throws(TracefsError) {
    guard let filter = event.filter, isEnabled(event.event) else { return }
    let path = file("\(event.event.path)/filter")
    let log = file("error_log")
    do throws(TracefsError) {
      try record(.filter, event.event.description, wanted: filter, isRequired: true) {
        (files) throws(TracefsError) in
        do throws(TracefsError) {
          try files.write(filter, to: path)
        } catch {
          throw error.adding(hint: Self.lastCommandError(log, files))
        }
        return filter
      }
    } catch {
      guard !event.isRequired, Self.meansAbsent(error) else { throw error }
      // Unfiltered it would flood the buffer: rather without the event.
      try files.write("0", to: file("\(event.event.path)/enable"))
      items.removeAll { $0.kind == .event && $0.name == event.event.description }
      let name = event.event.description
      items.append(ArmingItem(kind: .event, name: name, wanted: "1", error: error))
      items.append(ArmingItem(kind: .filter, name: name, wanted: filter, error: error))
    }
  }

  private mutating func set(_ trigger: ArmingPlan.Trigger) throws(TracefsError) {
    let path = file("\(trigger.event.path)/trigger")
    let log = file("error_log")
    try record(
      .trigger, trigger.event.description, wanted: trigger.text, isRequired: trigger.isRequired
    ) { (files) throws(TracefsError) in
      do throws(TracefsError) {
        try files.append(trigger.text, to: path)
      } catch {
        throw error.adding(hint: Self.lastCommandError(log, files))
      }
      return trigger.text
    }
  }

  private func isEnabled(_ event: EventName) -> Bool {
    items.contains { $0.kind == .event && $0.name == event.description && $0.error == nil }
  }

  /// The kernel's own words for the last refused command, from `error_log`.
  private static func lastCommandError(_ log: String, _ files: ControlFiles) -> String {
    guard let text = try? files.text(log) else { return "" }
    // "[ 1032.812335] event filter parse error: error: Field not found"
    guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("[") }),
      let end = line.firstIndex(of: "]")
    else { return "" }
    return "error_log: \(trimmed(line[line.index(after: end)...]))"
  }
}
