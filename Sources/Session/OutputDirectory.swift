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
    if access(path, W_OK | X_OK) != 0 {
      throw .file(
        TraceFileError(
          .create, path: path, reason: .system(Errno(rawValue: errno)),
          hint: "bundles cannot be made there: name another directory with --output"))
    }
  }
}
