/// What one instance, or the top level, does at the moment.
public struct InstanceState: Hashable, Sendable {
  /// Whose it is.
  public enum Owner: Hashable, Sendable {
    /// The top level of tracefs: the machine's own.
    case topLevel
    /// A run of ours that still runs.
    case live(InstanceName)
    /// A run of ours that is dead: `breaktrace disarm` removes it.
    case dead(InstanceName)
    /// Somebody else.
    case foreign
  }

  /// The instance's name, nil for the top level.
  public var name: String?
  /// Whose it is.
  public var owner: Owner
  /// `tracing_on`
  public var isTracingOn: Bool
  /// `current_tracer`
  public var tracer: String
  /// Enabled events (`set_event`), those that only fire a trigger included.
  public var events: [String]
  /// The current clock.
  public var clock: String
  /// Buffer of each CPU in KiB, nil where CPUs differ.
  public var bufferKilobytes: Int?

  /// Whether anything is being recorded or would be once switched on.
  public var isArmed: Bool { tracer != "nop" || !events.isEmpty }
  /// Whether anything is being recorded.
  public var isRecording: Bool { isTracingOn && isArmed }

  /// What it records: its tracer and how many events.
  var words: String {
    var parts: [String] = []
    if tracer != "nop" { parts.append("tracer \(tracer)") }
    if !events.isEmpty { parts.append("\(events.count) events") }
    return parts.joined(separator: ", ")
  }

  /// Reads the state of an instance, nil for the top level.
  static func read(root: TracefsRoot, instance: String?, files: ControlFiles)
    throws(TracefsError) -> InstanceState
  {
    let directory = root.directory(instance)
    let buffer = (try? files.value("\(directory)/buffer_size_kb")) ?? ""
    return InstanceState(
      name: instance, owner: owner(instance, files),
      isTracingOn: try files.value("\(directory)/tracing_on") == "1",
      tracer: try files.value("\(directory)/current_tracer"),
      events: ((try? files.text("\(directory)/set_event")) ?? "")
        .split(separator: "\n").map(String.init),
      clock: ClockList((try? files.text("\(directory)/trace_clock")) ?? "").current,
      bufferKilobytes: buffer.split(separator: " ").first.flatMap { Int($0) })
  }

  private static func owner(_ instance: String?, _ files: ControlFiles) -> Owner {
    guard let instance else { return .topLevel }
    guard let name = InstanceName(instance) else { return .foreign }
    return name.run.isAlive(files: files) ? .live(name) : .dead(name)
  }
}
