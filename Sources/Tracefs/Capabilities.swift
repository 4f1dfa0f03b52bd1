/// What this kernel's tracefs can do for us, and who else uses it: found without changing anything.
public struct Capabilities: Hashable, Sendable {
  /// Clocks that can be set.
  public var clocks: [String]
  /// Tracers that the kernel lists; it may refuse one all the same, see `TracerTrial`.
  public var tracers: [String]
  /// All events.
  public var events: Set<EventName>
  /// Triggers of an ordinary event: `traceon`, `stacktrace`, `hist`, `snapshot`, …
  public var triggers: Set<String>
  /// Options by name and their state at the top level.
  public var options: [String: Bool]
  /// Whether a buffer can be swapped for a spare one (`snapshot`).
  public var hasSnapshot: Bool
  /// Whether events can be counted in the kernel (`hist` triggers).
  public var hasHistograms: Bool
  /// Whether events can be combined in the kernel (`synthetic_events`).
  public var hasSyntheticEvents: Bool
  /// Whether kprobe events can be made (`kprobe_events`).
  public var hasKprobes: Bool
  /// Whether uprobe events can be made (`uprobe_events`).
  public var hasUprobes: Bool
  /// Whether instances can be made.
  public var hasInstances: Bool
  /// Whether the size of a sub-buffer can be set (`buffer_subbuf_size_kb`).
  public var hasSubBufferSize: Bool
  /// Whether a threshold for latency tracers can be set (`tracing_thresh`).
  public var hasThreshold: Bool
  /// Whether functions can be limited (`set_ftrace_filter`).
  public var hasFunctionFilter: Bool
  /// State of the lockdown: `none`, `integrity`, `confidentiality`; nil where the kernel has none.
  public var lockdown: String?
  /// Whether this process is root.
  public var isRoot: Bool
  /// Who uses tracefs.
  public var status: TracefsStatus

  /// Other users that could disturb a measurement or be disturbed by it, in words; empty for none.
  public var otherUsers: [String] { status.users() }

  /// Looks at what there is; nothing is changed.
  ///
  /// - Throws: the tree cannot be read at all.
  public static func probe(
    root: TracefsRoot, journalDirectory: String = Journal.defaultDirectory,
    files: ControlFiles = ControlFiles()
  ) throws(TracefsError) -> Capabilities {
    let events = try files.text(root.file("available_events")).split(separator: "\n")
    let has = { (name: String) in files.exists(root.file(name)) }
    let triggers = triggers(root, files)
    let tracers = (try? files.text(root.file("available_tracers"))) ?? ""
    return Capabilities(
      clocks: ClockList(try files.text(root.file("trace_clock"))).names,
      tracers: tracers.split(whereSeparator: \.isWhitespace).map(String.init).sorted(),
      events: Set(events.compactMap { EventName($0) }), triggers: triggers,
      options: options((try? files.text(root.file("trace_options"))) ?? ""),
      hasSnapshot: has("snapshot"), hasHistograms: triggers.contains("hist"),
      hasSyntheticEvents: has("synthetic_events"), hasKprobes: has("kprobe_events"),
      hasUprobes: has("uprobe_events"), hasInstances: has("instances"),
      hasSubBufferSize: has("buffer_subbuf_size_kb"), hasThreshold: has("tracing_thresh"),
      hasFunctionFilter: has("set_ftrace_filter"), lockdown: lockdown(files), isRoot: files.isRoot,
      status: try TracefsStatus.read(root: root, journalDirectory: journalDirectory, files: files))
  }

  /// "# Available triggers:", "# traceon traceoff …", in the trigger file of an event without any.
  private static func triggers(_ root: TracefsRoot, _ files: ControlFiles) -> Set<String> {
    let path = root.file("\(CoreEvents.waking.path)/trigger")
    guard let text = try? files.text(path) else { return [] }
    let lines = text.split(separator: "\n")
    guard let title = lines.firstIndex(where: { $0.hasPrefix("# Available triggers") }) else {
      return []
    }
    let names = lines[(title + 1)...].prefix { $0.hasPrefix("#") }
    return Set(names.flatMap { $0.dropFirst().split(separator: " ").map(String.init) })
  }

  /// The lines of `trace_options`: a name, or a name after `no`.
  private static func options(_ text: String) -> [String: Bool] {
    var options: [String: Bool] = [:]
    for line in text.split(separator: "\n") {
      if line.hasPrefix("no"), !line.hasPrefix("notest") || line.hasPrefix("notest_") {
        options[String(line.dropFirst(2))] = false
      } else {
        options[String(line)] = true
      }
    }
    return options
  }

  /// "none [integrity] confidentiality"
  static func lockdown(_ files: ControlFiles) -> String? {
    guard let text = try? files.text("\(files.security)/lockdown") else { return nil }
    return ClockList(text).current
  }
}
