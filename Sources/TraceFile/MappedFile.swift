internal import Glibc
public import RingBuffer
internal import SystemPackage

/// Access to a whole file's bytes.
public enum MappedFile {
  /// Gives the bytes of the regular file at `path`: a private mapping, or a copy of one whose size
  /// is not known before, as those of /proc and tracefs.
  ///
  /// A mapped file must not be shortened by others as long as the store lives (mmap(2): SIGBUS).
  /// Throws the failed call's errno, and for FIFOs, sockets and devices, which are not even opened:
  /// that could wait for ever or change a device.
  public static func open(_ path: String) throws(TraceFileError) -> ByteStore {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(.open, path, .current) }
    try check(status, path)
    // Without waiting: another file may have taken the name.
    let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw .system(.open, path, .current) }
    var isKept = false
    defer { if !isKept { _ = Glibc.close(file) } }
    guard unsafe fstat(file, &status) == 0 else { throw .system(.open, path, .current) }
    try check(status, path)
    guard status.st_size > 0 else { return try readAll(file, path) }
    isKept = true
    return try store(of: file, count: Int(status.st_size), path: path)
  }

  private static func check(_ status: stat, _ path: String) throws(TraceFileError) {
    let kind: String
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw .system(.open, path, .isDirectory)
    case S_IFIFO: kind = "a FIFO"
    case S_IFSOCK: kind = "a socket"
    case S_IFCHR: kind = "a character device"
    case S_IFBLK: kind = "a block device"
    default: kind = "not a regular file"
    }
    throw TraceFileError(
      .open, path: path, reason: .unsupported("it is \(kind)"),
      hint: "name a regular file, or read it as standard input: `- <\(path)`")
  }

  /// Maps `count` bytes of an open file, which is closed with the store, or now where it cannot be
  /// mapped.
  static func store(
    of file: Int32, count: Int, path: String
  ) throws(TraceFileError) -> ByteStore {
    guard let base = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0),
      unsafe base != MAP_FAILED
    else {
      let error = Errno.current
      _ = Glibc.close(file)
      throw .system(.open, path, error)
    }
    // A mapping does not need the descriptor, but the file may be read as well.
    return unsafe ByteStore(
      unsafeBase: UnsafeRawPointer(base), count: count,
      reading: { buffer, offset in unsafe readAt(offset, of: file, into: buffer) },
      release: { base, count in
        _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
        _ = Glibc.close(file)
      })
  }

  /// Fills the buffer with the file's bytes from `offset` on; false where there are too few or
  /// reading fails.
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
  static func readAll(_ file: Int32, _ path: String) throws(TraceFileError) -> ByteStore {
    let collected = CollectedBytes(of: path)
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
      }
      if count == 0 { break }
      guard count > 0 else {
        let error = Errno.current
        if error == .interrupted { continue }
        guard error == .resourceTemporarilyUnavailable else { throw .system(.read, path, error) }
        // A pipe without data is waited for; tracefs files that can be waited for end here.
        var wanted = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        guard isPipe(file) else { break }
        _ = unsafe poll(&wanted, 1, -1)
        continue
      }
      try collected.append(chunk, count)
    }
    return try collected.finish()
  }

  private static func isPipe(_ file: Int32) -> Bool {
    var status = stat()
    return unsafe fstat(file, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
  }
}

extension Errno {
  /// The calling thread's errno.
  static var current: Errno { Errno(rawValue: errno) }
}
