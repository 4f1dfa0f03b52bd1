import Glibc
import SystemPackage

/// The named pipe of `-F`: who opens it for reading gets the statistics of that moment.
struct StatisticsPipe: ~Copyable {
  private let path: String

  /// Makes the pipe. A pipe that is there already is taken; any other file is left alone.
  init(path: String) throws(UsageError) {
    if mkfifo(path, 0o666) != 0 {
      let reason = errno
      var state = stat()
      guard reason == EEXIST, lstat(path, &state) == 0, state.st_mode & S_IFMT == S_IFIFO else {
        throw UsageError(
          "-F", "\(path): \(String(cString: strerror(reason)))",
          hint: reason == EEXIST
            ? "this is not a named pipe; choose another path"
            : "choose a path where a pipe can be created")
      }
    }
    self.path = path
  }

  deinit { unlink(path) }

  /// Writes the text where somebody reads; never waits.
  func offer(_ text: () -> String) {
    let file = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return }
    let descriptor = FileDescriptor(rawValue: file)
    _ = try? descriptor.writeAll(text().utf8)
    try? descriptor.close()
  }
}
