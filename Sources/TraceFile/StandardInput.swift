internal import Glibc
public import RingBuffer
internal import SystemPackage

/// The bytes of standard input.
public enum StandardInput {
  /// What errors call it.
  public static let name = "standard input"

  /// Reads standard input to its end; a regular file that was redirected to it is mapped.
  ///
  /// Throws where it is closed or a terminal, where more than 8 GiB come, or where these cannot be
  /// kept.
  public static func read() throws(TraceFileError) -> ByteStore { try read(STDIN_FILENO) }

  static func read(_ file: Int32) throws(TraceFileError) -> ByteStore {
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw .system(.open, name, .current) }
    guard isatty(file) == 0 else {
      throw TraceFileError(
        .read, path: name, reason: .unsupported("it is a terminal"),
        hint: "redirect a trace to it, for example `- <trace.dat`, or name a file")
    }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw .system(.read, name, .isDirectory) }
    // Where somebody read a part of the file before, the rest is meant.
    if kind == S_IFREG, status.st_size > 0, lseek(file, 0, SEEK_CUR) == 0 {
      let copy = fcntl(file, F_DUPFD_CLOEXEC, 0)
      guard copy >= 0 else { throw .system(.open, name, .current) }
      return try MappedFile.store(of: copy, count: Int(status.st_size), path: name)
    }
    return try MappedFile.readAll(file, name)
  }
}
