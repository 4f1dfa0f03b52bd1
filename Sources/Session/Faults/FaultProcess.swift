internal import Glibc
public import SystemPackage

/// A running fault: a child process of this one, ended and reaped at the latest when the value goes
/// away.
public struct FaultProcess: ~Copyable {
  /// Its process id.
  public let pid: Int32

  /// Starts `fault` in a child that executes `executable`.
  public init(_ fault: Fault, executable: String = "/proc/self/exe") throws(Errno) {
    try self.init(fault, executable: executable, descriptor: nil)
  }

  /// Starts `fault` in a child that executes `executable` and writes to `log` when it was under
  /// way.
  public init(
    _ fault: Fault, executable: String = "/proc/self/exe", log: borrowing FaultLog
  ) throws(Errno) {
    try self.init(fault, executable: executable, descriptor: log.descriptor)
  }

  private init(_ fault: Fault, executable: String, descriptor: Int32?) throws(Errno) {
    let words = ["breaktrace", "__fault"] + fault.arguments
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    // The child must not inherit the signals that the session blocks.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    if let descriptor {
      posix_spawn_file_actions_adddup2(&files, descriptor, FaultLog.childDescriptor)
    }
    var child: pid_t = 0
    let result = posix_spawn(&child, executable, &files, &attributes, pointers, environ)
    guard result == 0 else { throw Errno(rawValue: result) }
    pid = child
  }

  /// Waits for the fault's end and gives its exit status, 128 + signal where one ended it.
  public consuming func wait() -> Int32 {
    let status = Self.reap(pid)
    discard self
    return status
  }

  /// Ends it now and gives its exit status as `wait()` does: 137 where it still ran.
  @discardableResult public consuming func stop() -> Int32 {
    kill(pid, SIGKILL)
    let status = Self.reap(pid)
    discard self
    return status
  }

  deinit {
    kill(pid, SIGKILL)
    _ = Self.reap(pid)
  }

  private static func reap(_ pid: Int32) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { return 127 }
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }
}
