internal import Glibc
internal import RingBuffer
internal import SystemPackage

/// Collects bytes whose number is not known before, as those of a pipe or of a packed file.
///
/// The first 64 MiB stay in memory. Where there are more, all of them go to a temporary file
/// without a name, so that the memory does not grow with the trace.
final class CollectedBytes {
  /// The most bytes that are collected.
  static let limit = 8 << 30
  private static let mostInMemory = 64 << 20

  /// Whose bytes these are, for the errors.
  private let path: String
  private var bytes: [UInt8] = []
  private var file: Int32 = -1
  private(set) var count = 0

  init(of path: String) { self.path = path }

  deinit { if file >= 0 { _ = close(file) } }

  /// Adds the first `size` bytes of `chunk` at the end.
  func append(_ chunk: [UInt8], _ size: Int) throws(TraceFileError) {
    guard size <= Self.limit - count else {
      throw TraceFileError(
        .read, path: path,
        reason: .unsupported("it contains more than \(Self.limit >> 30) GiB after decompression"),
        hint: "decompress it to a file and name that file")
    }
    count += size
    if file >= 0 {
      try write(chunk, size)
    } else {
      bytes += chunk[..<size]
      guard count > Self.mostInMemory else { return }
      file = try Self.temporaryFile(for: path)
      let collected = bytes
      bytes = []
      try write(collected, collected.count)
    }
  }

  /// All bytes; nothing may be added afterwards.
  func finish() throws(TraceFileError) -> ByteStore {
    guard file >= 0 else { return ByteStore(bytes) }
    let file = file
    self.file = -1
    return try MappedFile.store(of: file, count: count, path: path)
  }

  private func write(_ chunk: [UInt8], _ size: Int) throws(TraceFileError) {
    let file = file
    let error = unsafe chunk.withUnsafeBytes { buffer -> Errno? in
      var done = 0
      while done < size {
        let count = unsafe Glibc.write(
          file, buffer.baseAddress.map { unsafe $0 + done }, size - done)
        if count < 0, errno != EINTR { return .current }
        done += max(0, count)
      }
      return nil
    }
    if let error { throw Self.failure(path, error) }
  }

  /// A file that is gone with its descriptor.
  private static func temporaryFile(for path: String) throws(TraceFileError) -> Int32 {
    var directories = ["/var/tmp", "/tmp"]
    if let chosen = unsafe getenv("TMPDIR") {
      directories.insert(unsafe String(cString: chosen), at: 0)
    }
    var error = Errno.noSuchFileOrDirectory
    for directory in directories {
      var name = Array("\(directory)/breaktrace.XXXXXX".utf8CString)
      let file = unsafe name.withUnsafeMutableBufferPointer { buffer in
        unsafe buffer.baseAddress.map { unsafe mkstemp($0) } ?? -1
      }
      if file >= 0 {
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        _ = unsafe name.withUnsafeBufferPointer { buffer in
          unsafe buffer.baseAddress.map { unsafe unlink($0) }
        }
        return file
      }
      error = .current
    }
    throw failure(path, error)
  }

  private static func failure(_ path: String, _ error: Errno) -> TraceFileError {
    TraceFileError(
      .write, path: "a temporary file for \(path)", reason: .system(error),
      hint: "set TMPDIR to a directory with enough free space")
  }
}
