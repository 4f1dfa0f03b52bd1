internal import CTracing
internal import Glibc
internal import Synchronization
public import SystemPackage

/// A process that outlives this one, to disarm when this one is killed.
///
/// It is a new start of an executable, in a separate session, with signals from the terminal
/// blocked, and sleeps until this process is gone. Start it before anything is armed and before
/// scheduling and affinity are set: it inherits both.
public final class Guardian: Sendable {
  /// The hidden subcommand with which the executable is started again.
  public static let subcommand = "__guardian"

  /// Process id of the guardian.
  public let pid: Int32
  private let pipe: Mutex<FileDescriptor?>
  private static let cleanByte: UInt8 = 0x63

  private init(pid: Int32, pipe: FileDescriptor) {
    self.pid = pid
    self.pipe = Mutex(pipe)
  }

  /// The arguments after the executable's name for the guardian of `run`; `runChild(_:)` reads
  /// them.
  public static func arguments(run: RunIdentity, root: TracefsRoot, journalDirectory: String)
    -> [String]
  {
    [subcommand, String(run.pid), String(run.startTime), root.path, journalDirectory]
  }

  /// Starts the guardian.
  ///
  /// - Parameters:
  ///   - executable: What is started; by default this program again.
  ///   - arguments: From `arguments(run:root:journalDirectory:)`.
  /// - Throws: the reason of pipe2(2) or posix_spawn(3).
  public static func start(executable: String = "/proc/self/exe", arguments: [String])
    throws(TracefsError) -> Guardian
  {
    var ends: [CInt] = [-1, -1]
    guard bt_pipe(&ends) == 0 else {
      throw TracefsError(
        .spawn, path: executable, errno: Errno(rawValue: errno), hint: "the guardian needs a pipe")
    }
    defer { close(ends[0]) }
    var words = (["breaktrace"] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let reason = bt_spawn_detached(&pid, executable, &words, ends[0])
    guard reason == 0 else {
      close(ends[1])
      throw TracefsError(
        .spawn, path: executable, errno: Errno(rawValue: reason),
        hint: "without the guardian, run `breaktrace disarm` after a SIGKILL")
    }
    return Guardian(pid: pid, pipe: FileDescriptor(rawValue: ends[1]))
  }

  /// Informs the guardian that nothing is left to disarm, and waits for its end. Harmless when
  /// repeated.
  public func dismiss() {
    pipe.withLock { pipe in
      guard let end = pipe else { return }
      pipe = nil
      // A guardian that is gone already makes this write fail: with SIGPIPE, unless it is kept off
      // for the moment.
      var blocked = sigset_t()
      var before = sigset_t()
      sigemptyset(&blocked)
      sigaddset(&blocked, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &blocked, &before)
      let result = try? end.writeAll([Self.cleanByte])
      if result == nil {
        var zero = timespec()
        sigtimedwait(&blocked, nil, &zero)
      }
      pthread_sigmask(SIG_SETMASK, &before, nil)
      try? end.close()
      var status: CInt = 0
      while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
    }
  }

  /// The guardian's own main function: the executable calls it for `subcommand` with the arguments
  /// after that word.
  ///
  /// Reads the pipe from its standard input. Ends when informed that all is clean, or after
  /// disarming for a dead parent.
  ///
  /// - Returns: the exit status: 0, 1 where something could not be restored, 64 for wrong
  ///   arguments.
  public static func runChild(
    _ arguments: [String], input: FileDescriptor = .standardInput,
    files: ControlFiles = ControlFiles()
  ) -> Int32 {
    guard arguments.count == 4, let pid = Int32(arguments[0]), let start = UInt64(arguments[1])
    else { return 64 }
    let run = RunIdentity(pid: pid, startTime: start)
    guard waitForEnd(of: run, input: input, files: files) else { return 0 }
    let report = Disarm.run(
      root: TracefsRoot(path: arguments[2]), journalDirectory: arguments[3], only: run,
      files: files)
    return report.isClean ? 0 : 1
  }

  /// Sleeps until the run is over.
  ///
  /// - Returns: whether it ended without saying that all is clean.
  private static func waitForEnd(
    of run: RunIdentity, input: FileDescriptor, files: ControlFiles
  ) -> Bool {
    // A pidfd reports the process's end exactly; without one (before Linux 5.3) the pipe's end and
    // /proc do.
    let process = bt_pidfd_open(run.pid)
    defer { if process >= 0 { close(process) } }
    // The id may have been given away between the parent's end and our opening.
    if process >= 0 && !run.isAlive(files: files) { return !hasCleanByte(input) }
    var isPipeOpen = true
    while true {
      var waiting = [
        pollfd(fd: isPipeOpen ? input.rawValue : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      ]
      let timeout: CInt = process >= 0 || isPipeOpen ? -1 : 20
      if poll(&waiting, 2, timeout) == -1 && errno != EINTR { pause(milliseconds: 20) }
      if isPipeOpen && waiting[0].revents != 0 {
        if hasCleanByte(input) { return false }
        isPipeOpen = false
      }
      let isOver =
        process >= 0 ? waiting[1].revents != 0 : !isPipeOpen && !run.isAlive(files: files)
      if isOver { return !(isPipeOpen && hasCleanByte(input)) }
    }
  }

  /// Whether the pipe holds the word that all is clean; false at its end.
  private static func hasCleanByte(_ input: FileDescriptor) -> Bool {
    var ready = pollfd(fd: input.rawValue, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLIN) != 0 else { return false }
    var byte: UInt8 = 0
    let count = withUnsafeMutableBytes(of: &byte) { (try? input.read(into: $0)) ?? 0 }
    return count == 1 && byte == cleanByte
  }
}
