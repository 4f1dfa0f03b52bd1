internal import CZlib
internal import CZstd
internal import Glibc
internal import RingBuffer

/// The compressions of trace.dat version 7.
enum Decompressor {
  case none, zstd, zlib

  /// The largest amount of bytes that one section or one CPU's data may claim to become.
  static let limit: UInt64 = 1 << 32

  /// More than any of the compressions can reach, so that a small file cannot ask for gigabytes.
  static let highestRatio = 1 << 16

  init?(name: String) {
    switch name {
    case "none", "": self = .none
    case "zstd": self = .zstd
    case "zlib": self = .zlib
    default: return nil
    }
  }

  /// One compressed piece: its bytes in the file, and how many they become.
  struct Piece {
    var range: Range<Int>
    var size: Int
  }

  /// Uncompresses `pieces` one behind the other, all or nothing.
  func expand(_ pieces: [Piece], of store: ByteStore) throws(TraceFileProblem) -> ByteStore {
    let (result, _, problem) = try expandPrefix(pieces, of: store)
    if let problem { throw problem }
    return result
  }

  /// Uncompresses `pieces` one behind the other, up to the first that is damaged; `count` bytes of
  /// the store are good. Throws where the pieces claim to become more than can be.
  func expandPrefix(
    _ pieces: [Piece], of store: ByteStore
  ) throws(TraceFileProblem) -> (store: ByteStore, count: Int, problem: TraceFileProblem?) {
    var total = 0
    for piece in pieces {
      let (sum, overflow) = total.addingReportingOverflow(piece.size)
      guard !overflow, UInt64(sum) <= Self.limit,
        piece.size / Self.highestRatio <= piece.range.count
      else {
        throw TraceFileProblem(
          offset: UInt64(piece.range.lowerBound),
          "\(piece.range.count) compressed bytes claim to become \(piece.size)")
      }
      total = sum
    }
    guard total > 0 else { return (ByteStore([]), 0, nil) }
    // A mapping, because a failed allocation would end the process and a claim may be large.
    guard
      let base = unsafe mmap(
        nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      unsafe base != MAP_FAILED
    else { throw TraceFileProblem(offset: nil, "no memory for \(total) uncompressed bytes") }
    let result = unsafe ByteStore(unsafeBase: UnsafeRawPointer(base), count: total) { base, count in
      _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
    }
    var done = 0
    for piece in pieces {
      let room = unsafe UnsafeMutableRawBufferPointer(start: base + done, count: piece.size)
      let made = store.withBytes(in: piece.range) { bytes in
        unsafe bytes.withUnsafeBytes { source in unsafe decompress(source, into: room) }
      }
      guard made == piece.size else {
        let problem = TraceFileProblem(
          offset: UInt64(piece.range.lowerBound),
          "damaged compressed data (\(self)): \(piece.size) bytes promised, \(made ?? 0) came out")
        return (result, done, problem)
      }
      done += piece.size
    }
    return (result, done, nil)
  }

  /// Uncompresses one piece; gives the number of bytes, nil for damaged data.
  @unsafe private func decompress(
    _ source: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let from = source.baseAddress, let to = room.baseAddress else { return nil }
    switch self {
    case .none: return nil
    case .zstd:
      let size = unsafe ZSTD_decompress(to, room.count, from, source.count)
      return ZSTD_isError(size) == 0 ? size : nil
    case .zlib:
      var size = uLongf(room.count)
      let status = unsafe uncompress(
        to.assumingMemoryBound(to: Bytef.self), &size,
        from.assumingMemoryBound(to: Bytef.self), uLong(source.count))
      return status == Z_OK ? Int(size) : nil
    }
  }
}
