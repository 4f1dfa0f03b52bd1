/// Removing and restoring what dead runs left: after a SIGKILL, a crash, or a guardian that was
/// killed too.
public enum Disarm {
  /// Removes the instances of dead runs and restores what their journals report, latest run first.
  ///
  /// A live run's and everybody else's things are never touched; harmless when repeated or run
  /// twice at once.
  ///
  /// - Parameters:
  ///   - root: Where tracefs is, nil where none is mounted: then only journals are looked at.
  ///   - journalDirectory: Where journals are.
  ///   - only: The one run to look at; it must be dead like any other.
  ///   - files: Access to the files.
  public static func run(
    root: TracefsRoot?, journalDirectory: String = Journal.defaultDirectory,
    only: RunIdentity? = nil, files: ControlFiles = ControlFiles()
  ) -> DisarmReport {
    var report = DisarmReport()
    if let root { removeInstances(root, only, files, &report) }
    restore(JournalStore(directory: journalDirectory, files: files), only, &report)
    return report
  }

  private static func removeInstances(
    _ root: TracefsRoot, _ only: RunIdentity?, _ files: ControlFiles, _ report: inout DisarmReport
  ) {
    let names: [String]
    do {
      names = try root.instances(files: files)
    } catch {
      report.leftovers.append(.init(path: error.path, reason: error.description))
      return
    }
    for text in names {
      guard let name = InstanceName(text), only ?? name.run == name.run,
        !name.run.isAlive(files: files)
      else { continue }
      report.add(InstanceRemoval.remove(root.instance(text), files: files))
    }
  }

  private static func restore(
    _ store: JournalStore, _ only: RunIdentity?, _ report: inout DisarmReport
  ) {
    guard store.files.exists(store.directory) else { return }
    do {
      try store.locked { () throws(TracefsError) in
        let dead = try store.load().filter { journal in
          only ?? journal.run == journal.run && !journal.run.isAlive(files: store.files)
        }
        let latestFirst = dead.sorted {
          ($0.pending.last?.time ?? 0) > ($1.pending.last?.time ?? 0)
        }
        for journal in latestFirst { report.restored += try store.undo(journal.run) }
        store.removeIfEmpty()
      }
    } catch {
      report.leftovers.append(.init(path: error.path, reason: error.description))
    }
  }
}
