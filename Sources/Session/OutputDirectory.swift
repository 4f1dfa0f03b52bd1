internal import Glibc
internal import SystemPackage
internal import TraceFile

/// The directory for bundles.
enum OutputDirectory {
  /// Makes the directory where it is missing (its parent must be there) and checks that files can be made in it.
  static func prepare(_ path: String) throws(SessionError) {
    if mkdir(path, 0o755) != 0, errno != EEXIST {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(Errno(rawValue: errno)),
          hint: "name another directory with --output"))
    }
    var state = stat()
    if stat(path, &state) == 0, state.st_mode & S_IFMT != S_IFDIR {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(.notDirectory),
          hint: "name a directory with --output"))
    }
    if access(path, W_OK | X_OK) != 0 {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(Errno(rawValue: errno)),
          hint: "bundles cannot be made there: name another directory with --output"))
    }
  }
}
