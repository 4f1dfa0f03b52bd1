internal import Synchronization
public import SystemPackage

/// A trace instance of ours that is armed, with what a break needs held open.
///
/// Closed by `disarm()`; what is not closed is disarmed by the guardian or by the next run. May be
/// used from any thread.
public final class ArmedInstance: Sendable {
  /// The instance's name.
  public let name: InstanceName
  /// The tracefs that it is in.
  public let root: TracefsRoot
  /// What was wanted.
  public let plan: ArmingPlan
  /// What came of each thing, in the order of arming.
  public let items: [ArmingItem]
  /// `trace_marker`, open for writing; closed by `disarm()`.
  public let marker: FileDescriptor
  /// `tracing_on`, open for writing: `0` stops, `1` goes on; closed by `disarm()`.
  public let tracingSwitch: FileDescriptor
  let files: ControlFiles
  let journal: Journal
  private let changes: [JournalChange]
  private let state = Mutex<DisarmReport?>(nil)

  /// The instance's directory.
  public var directory: String { root.instance(name.text) }

  /// The items that are not there as wanted.
  public var shortcomings: [ArmingItem] { items.filter { !$0.isAsWanted } }

  /// Makes an instance and arms it.
  ///
  /// - Parameters:
  ///   - plan: What is wanted.
  ///   - name: The instance's name; it must not exist.
  ///   - root: Where tracefs is.
  ///   - journal: Where global values are noted.
  ///   - files: Access to the files.
  /// - Throws: the first thing that was refused and cannot be done without. Then everything is as
  ///   before, and what is not is said in the hint.
  public convenience init(
    _ plan: ArmingPlan, name: InstanceName, root: TracefsRoot, journal: Journal,
    files: ControlFiles = ControlFiles()
  ) throws(TracefsError) {
    let directory = root.instance(name.text)
    do {
      try files.makeDirectory(directory)
    } catch  where error.errno == .fileExists {
      throw error.adding(hint: "an instance of this name exists; run `breaktrace disarm`")
    }
    var arming = InstanceArming(
      plan: plan, root: root, instance: name.text, files: files, journal: journal)
    var marker: FileDescriptor?
    var tracingSwitch: FileDescriptor?
    do {
      try arming.apply()
      let openMarker = try files.open("\(directory)/trace_marker", .writeOnly)
      marker = openMarker
      let openSwitch = try files.open("\(directory)/tracing_on", .writeOnly)
      tracingSwitch = openSwitch
      if plan.startsAtOnce {
        try files.write("1", to: openSwitch, of: "\(directory)/tracing_on")
      }
      self.init(arming, name: name, marker: openMarker, tracingSwitch: openSwitch)
    } catch {
      try? marker?.close()
      try? tracingSwitch?.close()
      var report = InstanceRemoval.remove(directory, files: files)
      report.restored = journal.undo(arming.changes)
      throw report.isClean
        ? error
        : error.adding(hint: "cannot undo \(report.problems)")
    }
  }

  private init(
    _ arming: InstanceArming, name: InstanceName, marker: FileDescriptor,
    tracingSwitch: FileDescriptor
  ) {
    self.name = name
    root = arming.root
    plan = arming.plan
    items = arming.items
    files = arming.files
    journal = arming.journal
    changes = arming.changes
    self.marker = marker
    self.tracingSwitch = tracingSwitch
  }

  /// The path of a file in the instance.
  public func file(_ name: String) -> String { "\(directory)/\(name)" }

  /// Switches recording on.
  public func start() throws(TracefsError) {
    try files.write("1", to: tracingSwitch, of: file("tracing_on"))
  }

  /// Switches recording off; what is recorded stays.
  public func stop() throws(TracefsError) {
    try files.write("0", to: tracingSwitch, of: file("tracing_on"))
  }

  /// Empties the buffers of all CPUs and goes on recording, for the next spike.
  public func restart() throws(TracefsError) {
    try stop()
    try files.write("", to: file("trace"))
    if plan.tracer != nil, files.exists(file("tracing_max_latency")) {
      // The largest section so far must not hide the next one.
      try files.write("0", to: file("tracing_max_latency"))
    }
    try start()
  }

  /// Switches off and removes the instance and restores what it changed globally; then verifies it
  /// by reading back.
  ///
  /// - Returns: what was done and what is left. A second call gives the same report.
  @discardableResult public func disarm() -> DisarmReport {
    state.withLock { state in
      if let state { return state }
      try? stop()
      try? marker.close()
      try? tracingSwitch.close()
      var report = InstanceRemoval.remove(directory, files: files)
      if !report.leftovers.isEmpty { quieten() }
      report.restored = journal.undo(changes)
      state = report
      return report
    }
  }

  /// Makes an instance that cannot be removed cost nothing.
  private func quieten() {
    try? files.write("0", to: file("events/enable"))
    for trigger in plan.triggers {
      try? files.append("!\(trigger.text)", to: file("\(trigger.event.path)/trigger"))
    }
    if plan.tracer != nil { try? files.write("nop", to: file("current_tracer")) }
    try? files.write("0", to: file("tracing_on"))
  }

  /// Closes the files and leaves the rest, as a killed process does.
  func abandon() {
    state.withLock { state in
      guard state == nil else { return }
      state = DisarmReport()
      try? marker.close()
      try? tracingSwitch.close()
    }
  }
}

extension DisarmReport {
  /// What is not as before, in one line.
  var problems: String {
    (leftovers.map { "\($0.path): \($0.reason)" }
      + restored.filter { !$0.isSettled }.map(\.description)).joined(separator: "; ")
  }
}
