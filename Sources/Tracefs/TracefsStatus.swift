/// Who uses tracefs, and what is left of runs of ours: a snapshot.
public struct TracefsStatus: Hashable, Sendable {
  /// A journal that is there.
  public struct JournalState: Hashable, Sendable {
    /// Whose it is.
    public var run: RunIdentity
    /// Whether that run still runs.
    public var isAlive: Bool
    /// The files (and mount points) that are not restored yet, in the order of their changes.
    public var paths: [String]
  }

  /// Where tracefs is.
  public var root: TracefsRoot
  /// The top level.
  public var top: InstanceState
  /// All instances by name.
  public var instances: [InstanceState]
  /// Functions that somebody's tracer, kprobe or live patch is attached to; nil where the kernel
  /// does not show them.
  public var enabledFunctions: Int?
  /// `tracing_thresh` in us, nil where the kernel has none.
  public var tracingThreshold: Int?
  /// Journals by pid.
  public var journals: [JournalState]

  /// Instances and journals of dead runs are there.
  public var needsDisarm: Bool {
    journals.contains { !$0.isAlive }
      || instances.contains {
        if case .dead = $0.owner { true } else { false }
      }
  }

  /// Who records besides `run`, in words, one line each: the top level, instances of others, and
  /// functions that somebody traces, probes or patches.
  ///
  /// - Parameters:
  ///   - run: The run whose instances are left out, nil for none.
  ///   - countsFunctions: Whether traced functions count; false for a run that traces some itself.
  public func users(besides run: RunIdentity? = nil, countsFunctions: Bool = true) -> [String] {
    var users: [String] = []
    if top.isRecording { users.append("the top level records \(top.words)") }
    for instance in instances where instance.isRecording {
      switch instance.owner {
      case .dead: continue
      case .live(let name) where name.run == run: continue
      case .live, .foreign, .topLevel: break
      }
      users.append("instance \(instance.name ?? "") records \(instance.words)")
    }
    if countsFunctions, let enabledFunctions, enabledFunctions > 0 {
      users.append("\(enabledFunctions) functions are traced, probed or patched")
    }
    return users
  }

  /// Takes the snapshot; nothing is changed.
  ///
  /// - Throws: the top level or the journals cannot be read.
  public static func read(
    root: TracefsRoot, journalDirectory: String = Journal.defaultDirectory,
    files: ControlFiles = ControlFiles()
  ) throws(TracefsError) -> TracefsStatus {
    let names = try root.instances(files: files)
    let journals = try JournalStore(directory: journalDirectory, files: files).load()
    return TracefsStatus(
      root: root, top: try InstanceState.read(root: root, instance: nil, files: files),
      // One that vanishes meanwhile is not an error.
      instances: names.compactMap {
        try? InstanceState.read(root: root, instance: $0, files: files)
      },
      enabledFunctions: (try? files.text(root.file("enabled_functions")))
        .map { $0.split(separator: "\n").count },
      tracingThreshold: (try? files.value(root.file("tracing_thresh"))).flatMap { Int($0) },
      journals: journals.map { journal in
        JournalState(
          run: journal.run, isAlive: journal.run.isAlive(files: files),
          paths: journal.pending.map(\.path))
      })
  }
}
