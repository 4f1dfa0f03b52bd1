internal import SystemPackage

/// One global value that was changed through a journal.
public struct JournalChange: Hashable, Sendable {
  /// Number of the record in the run's journal.
  var id: Int
  /// The file.
  public var path: String
  /// What was there before.
  public var old: String
  /// What is there now, as read back.
  public var value: String
}

/// What a run changes outside its own instances, written down before each change so that it can be
/// undone by this run, by its guardian, or by any later run.
///
/// A file is made with the first change. A later change by somebody else is never overwritten. May
/// be used from any thread.
public struct Journal: Sendable {
  /// Where journals are: emptied by the system at its start.
  public static let defaultDirectory = "/run/breaktrace"

  /// The run.
  public let run: RunIdentity
  /// The directory with the journals of all runs.
  public var directory: String { store.directory }
  private let store: JournalStore
  private var files: ControlFiles { store.files }

  /// Makes the journal of a run; nothing is written yet.
  public init(
    run: RunIdentity, directory: String = Journal.defaultDirectory,
    files: ControlFiles = ControlFiles()
  ) {
    self.run = run
    store = JournalStore(directory: directory, files: files)
  }

  /// Writes `value` to a global file, or to one setting of it: see `ControlFiles.setting`.
  ///
  /// - Throws: the reason of the journal or of the file; then the file is as before.
  public func change(_ path: String, to value: String) throws(TracefsError) -> JournalChange {
    try store.locked { () throws(TracefsError) in
      let old = try files.setting(path)
      let record = try store.add(.value, path: path, old: old, new: value, run: run)
      do throws(TracefsError) {
        try files.set(value, of: path)
        let got = try files.setting(path)
        if got != value { try store.remark(["got", String(record.id), got], run: run) }
        return JournalChange(id: record.id, path: path, old: old, value: got)
      } catch {
        // What was written without its remark is still known as ours by what is there now.
        if let now = try? files.setting(path), now != old { try? files.set(old, of: path) }
        if (try? files.setting(path)) == old { forget(record) }
        throw error
      }
    }
  }

  /// Defines a synthetic event in `path` (`synthetic_events`); undoing removes it.
  ///
  /// - Throws: the reason of the journal or of the file, or that the name is taken; then nothing is
  ///   defined.
  func define(_ name: String, fields: String, in path: String) throws(TracefsError) -> JournalChange
  {
    try store.locked { () throws(TracefsError) in
      guard try !SyntheticEvents.isDefined(name, in: path, files) else {
        store.removeIfEmpty()
        throw TracefsError(
          .write, path: path, value: name, errno: .fileExists,
          hint: "an event of this name exists; run `breaktrace disarm`")
      }
      let record = try store.add(.synthetic, path: path, old: "", new: name, run: run)
      do throws(TracefsError) {
        try files.append("\(name) \(fields)", to: path)
      } catch {
        if (try? SyntheticEvents.isDefined(name, in: path, files)) == false { forget(record) }
        throw error
      }
      return JournalChange(id: record.id, path: path, old: "", value: name)
    }
  }

  /// Mounts a tracefs.
  func mountTracefs(at path: String) throws(TracefsError) {
    try store.locked { () throws(TracefsError) in
      let record = try store.add(.mount, path: path, old: "", new: "", run: run)
      do throws(TracefsError) {
        try files.mountTracefs(at: path)
      } catch {
        forget(record)
        throw error
      }
    }
  }

  /// Takes a record back whose change was not made.
  private func forget(_ record: JournalRecord) {
    try? store.remark(["undone", String(record.id)], run: run)
    if let journal = try? store.read(store.path(run)), journal.pending.isEmpty {
      try? files.removeFile(store.path(run))
    }
    store.removeIfEmpty()
  }

  /// Undoes these changes, latest first.
  public func undo(_ changes: [JournalChange]) -> [RestoreOutcome] {
    changes.isEmpty ? [] : undo(ids: Set(changes.map(\.id)))
  }

  /// Undoes every change of this run that is not undone yet, and removes its journal. Harmless when
  /// repeated.
  public func restoreAll() -> [RestoreOutcome] {
    files.exists(store.path(run)) ? undo(ids: nil) : []
  }

  private func undo(ids: Set<Int>?) -> [RestoreOutcome] {
    do {
      return try store.locked { () throws(TracefsError) in
        let outcomes = try store.undo(run, ids: ids)
        store.removeIfEmpty()
        return outcomes
      }
    } catch {
      return [RestoreOutcome(path: error.path, result: .failed(error))]
    }
  }
}
