internal import Glibc
public import RingBuffer
internal import SystemPackage

/// Access to a whole file's bytes.
public enum MappedFile {
  /// Gives the bytes of the file at `path`: a private mapping of a regular file, a copy of anything else (a pipe).
  ///
  /// A mapped file must not be shortened by others as long as the store lives (mmap(2): SIGBUS).
  /// Throws the failed call's errno.
  public static func open(_ path: String) throws(TraceFileError) -> ByteStore {
    let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(.open, path, .current) }
    // A mapping keeps the file open: it may be read as well.
    var isKept = false
    defer { if !isKept { _ = Glibc.close(file) } }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw .system(.open, path, .current) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw .system(.open, path, .isDirectory)
    case S_IFREG where status.st_size > 0:
      let size = Int(status.st_size)
      guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0),
        unsafe base != MAP_FAILED
      else { throw .system(.open, path, .current) }
      isKept = true
      return unsafe ByteStore(
        unsafeBase: UnsafeRawPointer(base), count: size,
        reading: { buffer, offset in unsafe readAt(offset, of: file, into: buffer) },
        release: { base, count in
          _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
          _ = Glibc.close(file)
        })
    default: return ByteStore(try readAll(file, path))
    }
  }

  /// Fills the buffer with the file's bytes from `offset` on; false where there are too few or reading fails.
  private static func readAt(
    _ offset: Int, of file: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var done = 0
    while done < buffer.count {
      guard let base = buffer.baseAddress else { return false }
      let count = unsafe pread(file, base + done, buffer.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  /// Reads a stream to its end.
  private static func readAll(_ file: Int32, _ path: String) throws(TraceFileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
      }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(.read, path, .current)
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}

extension Errno {
  /// The calling thread's errno.
  static var current: Errno { Errno(rawValue: errno) }
}
