internal import SystemPackage

/// Removing an instance and making sure of it.
enum InstanceRemoval {
  /// How long a file of the instance may stay open before it is left, in ms: a killed owner's
  /// threads need a moment.
  static let patience = 1_000

  /// Removes the instance at `directory` by rmdir, which disarms all of it at once.
  ///
  /// Nothing in it is touched before: as long as any file of it is open the kernel refuses, and
  /// then it is somebody's. Only histogram triggers, which make it refuse as well, are removed
  /// where nobody has a file open.
  static func remove(_ directory: String, patience: Int = patience, files: ControlFiles)
    -> DisarmReport
  {
    var waited = 0
    var hasLookedForTriggers = false
    while true {
      do {
        try files.removeDirectory(directory)
        break
      } catch {
        if error.errno == .noSuchFileOrDirectory { return DisarmReport() }
        if error.errno == .resourceBusy, !hasLookedForTriggers {
          hasLookedForTriggers = true
          if OpenFileHolders.below(directory, files: files).isEmpty,
            HistTriggers.remove(directory, files: files)
          {
            continue
          }
        }
        // ENODEV: the instance is gone, its directory not yet; a guardian or another run removes it
        // just now.
        guard [.resourceBusy, .operationNotSupportedByDevice].contains(error.errno),
          waited < patience
        else {
          return left(directory, error, files)
        }
        pause(milliseconds: 5)
        waited += 5
      }
    }
    guard !files.exists(directory) else {
      return DisarmReport(leftovers: [.init(path: directory, reason: "it still exists after rmdir")]
      )
    }
    return DisarmReport(removedInstances: [directory])
  }

  private static func left(_ directory: String, _ error: TracefsError, _ files: ControlFiles)
    -> DisarmReport
  {
    var reason = error.description
    if error.errno == .resourceBusy {
      let holders = OpenFileHolders.below(directory, files: files)
      if !holders.isEmpty { reason += " by \(holders.joined(separator: ", "))" }
    }
    return DisarmReport(leftovers: [.init(path: directory, reason: reason)])
  }
}
