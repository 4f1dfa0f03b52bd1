internal import CRealtime
internal import Glibc
internal import SystemPackage
internal import TraceFile
internal import TraceModel
internal import Tracefs

/// The directory for bundles.
enum OutputDirectory {
  /// Makes the directory where it is missing (its parent must be there) and checks that files can
  /// be made in it.
  ///
  /// What killed runs left of bundles that they were writing is removed.
  static func prepare(_ path: String) throws(SessionError) {
    if mkdir(path, 0o755) != 0, errno != EEXIST {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(Errno(rawValue: errno)),
          hint: "choose another directory with --output"))
    }
    var state = stat()
    if stat(path, &state) == 0, state.st_mode & S_IFMT != S_IFDIR {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(.notDirectory),
          hint: "choose a directory with --output"))
    }
    // What a bundle begins with is tried: access(2) says nothing of file systems like /proc, or of
    // a quota.
    let trial = "\(path)/\(trialName)"
    if mkdir(trial, 0o755) != 0, errno != EEXIST {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(Errno(rawValue: errno)),
          hint: "choose another directory with --output"))
    }
    rmdir(trial)
    _ = AbandonedBundles.remove(in: path, prefix: BundleContents.prefix, isDead: isDead)
  }

  /// Named like a bundle that is being written, so that what a killed run leaves is removed like
  /// one.
  private static var trialName: String { ".\(BundleContents.prefix)trial.tmp-\(getpid())" }

  /// Whether a process that changed a directory at `changed` (CLOCK_REALTIME) has ended; its id may
  /// have been given to another process since.
  static func isDead(pid: Int32, changed: Nanoseconds) -> Bool {
    let files = ControlFiles()
    guard let process = try? RunIdentity.of(pid: pid, files: files), process.isAlive(files: files)
    else { return kill(pid, 0) != 0 && errno == ESRCH }
    let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
    guard ticks > 0 else { return false }
    // The start counts from boot in clock ticks; one second more, for clocks that are set
    // meanwhile.
    let boot = bt_clock(CLOCK_REALTIME) - bt_clock(CLOCK_BOOTTIME)
    let started = boot + Int64(clamping: process.startTime) * (1_000_000_000 / ticks)
    return started > changed.count + 1_000_000_000
  }
}
