internal import Glibc
internal import RingBuffer
internal import SystemPackage

/// Writing to a descriptor with the number of bytes counted.
struct FileOutput {
  private let file: FileDescriptor
  private let path: String
  private(set) var count = 0

  init(_ file: FileDescriptor, path: String) {
    self.file = file
    self.path = path
  }

  mutating func write(_ bytes: [UInt8]) throws(TraceFileError) {
    try unsafe write(bytes.span.bytes)
  }

  mutating func write(_ store: ByteStore, _ range: Range<Int>) throws(TraceFileError) {
    let file = file
    let path = path
    try store.withBytes(in: range) { (bytes) throws(TraceFileError) in
      try Self.write(bytes, to: file, path: path)
    }
    count += range.count
  }

  mutating func write(_ bytes: RawSpan) throws(TraceFileError) {
    try Self.write(bytes, to: file, path: path)
    count += bytes.byteCount
  }

  /// Fills up with zeros so that the next byte is at a multiple of `size`.
  mutating func pad(to size: Int) throws(TraceFileError) {
    let rest = count % size
    if rest != 0 { try write([UInt8](repeating: 0, count: size - rest)) }
  }

  /// What one system call writes: a kernel that does not preempt itself copies megabytes at one go,
  /// for milliseconds in which nobody else gets the CPU.
  private static let pieceSize = 32 << 10

  private static func write(
    _ bytes: RawSpan, to file: FileDescriptor, path: String
  ) throws(TraceFileError) {
    do {
      var start = 0
      while start < bytes.byteCount {
        let piece = bytes.extracting(start..<min(start + pieceSize, bytes.byteCount))
        _ = try unsafe piece.withUnsafeBytes { try unsafe file.writeAll($0) }
        start += piece.byteCount
        // The kernel begins to write the piece to the disk. Left to the final fsync(2), all of it
        // would go there at one go. Where that is not possible (a pipe), nothing is lost.
        _ = posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_DONTNEED)
      }
    } catch let error as Errno {
      throw .system(.write, path, error)
    } catch {
      throw TraceFileError(.write, path: path, reason: .invalid("\(error)"))
    }
  }
}
