import Glibc

/// A file without a name, for readers that want a path; each input is its content for a moment.
struct NamelessFile {
  private let file: Int32

  /// The directory for temporary files.
  static var directory: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// nil where no file can be made in the directory for temporary files.
  init?() {
    let path = "\(Self.directory)/breaktrace-fuzz-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return nil }
    unlink(path)
  }

  /// Opens a new description of the file each time.
  var path: String { "/proc/self/fd/\(file)" }

  /// Puts the bytes in place of what was there.
  func set(_ bytes: [UInt8]) {
    guard ftruncate(file, 0) == 0 else { return }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        pwrite(file, $0.baseAddress, $0.count, off_t(done))
      }
      guard count > 0 else { return }
      done += count
    }
  }
}
