internal import CTracing
internal import Glibc
internal import SystemPackage

/// The journals of all runs in one directory, and the lock that puts their changes in an order.
///
/// The changes of a file form a stack over all runs. Who takes away the topmost writes back what it
/// found; who takes away one below hands what it found to the one above. So the last one out
/// restores the first value, whatever the order in which runs end.
struct JournalStore: Sendable {
  let directory: String
  let files: ControlFiles

  func path(_ run: RunIdentity) -> String { "\(directory)/\(JournalFile.name(run))" }
  private var lockPath: String { "\(directory)/lock" }

  /// The id of this start of the machine, empty where the system does not report it.
  var boot: String { (try? files.value("\(files.proc)/sys/kernel/random/boot_id")) ?? "" }

  // MARK: lock

  /// Runs `body` while no other process changes or restores anything.
  func locked<Value>(_ body: () throws(TracefsError) -> Value) throws(TracefsError) -> Value {
    let lock = try takeLock()
    defer { try? lock.close() }
    return try body()
  }

  private func takeLock() throws(TracefsError) -> FileDescriptor {
    // Holders need milliseconds; one that is stopped must not stop us for good.
    for _ in 0..<500 {
      if let lock = try tryLock() { return lock }
      pause(milliseconds: 10)
    }
    throw TracefsError(
      .lock, path: lockPath, errno: .resourceTemporarilyUnavailable,
      hint: "another breaktrace has held it for 5 s; see `breaktrace status`")
  }

  private func tryLock() throws(TracefsError) -> FileDescriptor? {
    if !files.exists(directory) {
      do {
        try files.makeDirectory(directory)
      } catch  where error.errno == .fileExists {
        // Another run was faster.
      }
    }
    let path = lockPath
    return try files.input(FileAccess(.lock, path: path)) { () -> FileDescriptor? in
      let lock: FileDescriptor
      do {
        lock = try FileDescriptor.open(
          FilePath(path), .readWrite, options: [.create, .closeOnExec],
          permissions: .ownerReadWrite)
      } catch Errno.noSuchFileOrDirectory {
        return nil  // The last run out removed the directory meanwhile.
      }
      do {
        try check { flock(lock.rawValue, LOCK_EX | LOCK_NB) }
      } catch {
        try? lock.close()
        if error as? Errno == .wouldBlock { return nil }
        throw error
      }
      // The file may have been removed between the opening and the locking: such a lock excludes
      // nobody.
      var ours = stat()
      var current = stat()
      if fstat(lock.rawValue, &ours) == 0, stat(path, &current) == 0,
        ours.st_ino == current.st_ino, ours.st_dev == current.st_dev
      {
        return lock
      }
      try? lock.close()
      return nil
    }
  }

  // MARK: reading

  /// All journals, by pid and start; what is not in the format of one is passed over.
  func load() throws(TracefsError) -> [JournalFile] {
    guard files.exists(directory) else { return [] }
    var journals: [JournalFile] = []
    for name in try files.list(directory) where name.hasSuffix(JournalFile.suffix) {
      if let journal = try read("\(directory)/\(name)") { journals.append(journal) }
    }
    return journals.sorted { ($0.run.pid, $0.run.startTime) < ($1.run.pid, $1.run.startTime) }
  }

  /// Reads a journal, nil where there is none.
  func read(_ path: String) throws(TracefsError) -> JournalFile? {
    do {
      return JournalFile(try files.text(path))
    } catch  where error.errno == .noSuchFileOrDirectory {
      return nil
    }
  }

  /// Whether the changes of a journal are still in the kernel: not after a restart of the machine.
  /// Without an answer they are: a value that is no longer ours is left anyway.
  private func isOfThisBoot(_ journal: JournalFile, _ boot: String) -> Bool {
    boot.isEmpty || journal.boot.isEmpty || journal.boot == boot
  }

  // MARK: changing

  /// Writes a record to the journal of `run`, on the disk before it returns. To be called while
  /// locked.
  func add(
    _ kind: JournalRecord.Kind, path target: String, old: String, new: String, run: RunIdentity
  ) throws(TracefsError) -> JournalRecord {
    let file = path(run)
    let existing = try read(file)
    if existing == nil {
      try files.appendDurably(JournalFile.header(run, boot: boot), to: file)
      try files.synchronise(directory: directory)
    }
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let record = JournalRecord(
      id: existing?.nextID ?? 1, kind: kind,
      time: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec), path: target, old: old, new: new
    )
    try files.appendDurably(JournalFile.line(record), to: file)
    return record
  }

  /// Adds a remark on a record: `got`, `base`, `undone`.
  func remark(_ words: [String], run: RunIdentity) throws(TracefsError) {
    try files.appendDurably(JournalFile.line(words), to: path(run))
  }

  // MARK: restoring

  /// Undoes the pending changes of `run`, latest first; with `ids` only these. To be called while
  /// locked.
  ///
  /// - Throws: the journals cannot be read; then nothing is touched.
  func undo(_ run: RunIdentity, ids: Set<Int>? = nil) throws(TracefsError) -> [RestoreOutcome] {
    let boot = boot
    var journals = try load().filter { isOfThisBoot($0, boot) }
    var outcomes: [RestoreOutcome] = []
    var isOver = true
    if let own = journals.first(where: { $0.run == run }) {
      for record in own.pending.reversed() where ids?.contains(record.id) ?? true {
        let outcome = undo(record, of: run, in: &journals)
        outcomes.append(outcome)
        guard outcome.isSettled else { continue }
        try? remark(["undone", String(record.id)], run: run)
        if let index = journals.firstIndex(where: { $0.run == run }) {
          journals[index].records.removeAll { $0.id == record.id }
        }
      }
      isOver = journals.first { $0.run == run }?.pending.isEmpty ?? true
    }
    if isOver && files.exists(path(run)) { try? files.removeFile(path(run)) }
    return outcomes
  }

  private func undo(_ record: JournalRecord, of run: RunIdentity, in journals: inout [JournalFile])
    -> RestoreOutcome
  {
    switch record.kind {
    case .mount: RestoreOutcome(path: record.path, result: unmount(record.path))
    case .synthetic:
      RestoreOutcome(
        path: record.path, result: SyntheticEvents.remove(record.new, from: record.path, files))
    case .value:
      RestoreOutcome(path: record.path, result: restore(record, of: run, in: &journals))
    }
  }

  private func restore(
    _ record: JournalRecord, of run: RunIdentity, in journals: inout [JournalFile]
  ) -> RestoreOutcome.Result {
    let above = journals.flatMap { journal in
      journal.pending.map { (run: journal.run, record: $0) }
    }.filter { $0.record.path == record.path && $0.record.time > record.time }
      .min { $0.record.time < $1.record.time }
    do {
      let current = try files.setting(record.path)
      if let above, above.record.base == record.target {
        // A crash came between the handing over and the note of it.
        return .handedOver(to: above.run)
      }
      // What the one above would restore is ours, be it that it found it or that it was handed
      // over.
      if let above, above.record.target == record.ours {
        try remark(["base", String(above.record.id), record.target], run: above.run)
        return .handedOver(to: above.run)
      }
      if above != nil { return .changedByOthers(current) }
      if current == record.target { return .unchanged }
      guard current == record.ours else { return .changedByOthers(current) }
      try files.set(record.target, of: record.path)
      let got = try files.setting(record.path)
      guard got == record.target else {
        return .failed(
          TracefsError(
            .write, path: record.path, value: record.target,
            hint: "the kernel accepted it, but reads back \(got)"))
      }
      return .restored(got)
    } catch {
      return .failed(error)
    }
  }

  private func unmount(_ path: String) -> RestoreOutcome.Result {
    let root = TracefsRoot(path: path)
    if let instance = (try? root.instances(files: files))?.first {
      return .leftMounted("it contains instance \(instance)")
    }
    if let top = try? InstanceState.read(root: root, instance: nil, files: files), top.isRecording {
      return .leftMounted("its top level is in use")
    }
    do {
      try files.unmount(path)
      return .unmounted
    } catch {
      return error.errno == .resourceBusy || error.errno == .invalidArgument
        ? .leftMounted(error.description) : .failed(error)
    }
  }

  /// Removes the lock and the directory where no journal is left. To be called while locked.
  func removeIfEmpty() {
    guard let names = try? files.list(directory), names.allSatisfy({ $0 == "lock" }) else { return }
    try? files.removeFile(lockPath)
    try? files.removeDirectory(directory)
  }
}
