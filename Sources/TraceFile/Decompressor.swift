internal import CZlib
internal import CZstd
internal import Glibc
internal import RingBuffer

/// The compressions of trace.dat version 7.
enum Decompressor: Sendable {
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
  struct Piece: Sendable {
    var range: Range<Int>
    var size: Int
  }

  /// Uncompresses `pieces` one after the other, all or nothing.
  func expand(_ pieces: [Piece], of store: ByteStore) throws(TraceFileProblem) -> ByteStore {
    let (result, _, problem) = try expandPrefix(pieces, of: store)
    if let problem { throw problem }
    return result
  }

  /// Uncompresses `pieces` one after the other, up to the first that is damaged; `count` bytes of
  /// the store are good. Throws where the pieces claim to become more than can be.
  func expandPrefix(
    _ pieces: [Piece], of store: ByteStore
  ) throws(TraceFileProblem) -> (store: ByteStore, count: Int, problem: TraceFileProblem?) {
    let total = try size(of: pieces)
    guard total > 0 else { return (ByteStore([]), 0, nil) }
    let base = unsafe try room(total)
    let result = unsafe ByteStore(
      unsafeBase: UnsafeRawPointer(base), count: total, release: Self.unmap)
    let (done, problem) = unsafe expand(
      pieces, of: store,
      into: UnsafeMutableRawBufferPointer(start: base, count: total))
    return (result, done, problem)
  }

  /// Uncompresses `pieces` when they are read, one by one, or all when they are looked at in place.
  ///
  /// Throws where the pieces claim to become more than can be.
  func expandLater(_ pieces: [Piece], of store: ByteStore) throws(TraceFileProblem) -> ByteStore {
    let total = try size(of: pieces)
    guard total > 0 else { return ByteStore([]) }
    let base = unsafe try room(total)
    let chunks = ChunkedBytes(pieces, of: store, self)
    return unsafe ByteStore(
      unsafeBase: UnsafeRawPointer(base), count: total,
      reading: { buffer, offset in unsafe chunks.read(offset, into: buffer) },
      filling: {
        unsafe chunks.fill(UnsafeMutableRawBufferPointer(start: base, count: total))
      }, damage: { chunks.problem?.description }, release: Self.unmap)
  }

  /// The bytes that pieces become together.
  func size(of pieces: [Piece]) throws(TraceFileProblem) -> Int {
    var total = 0
    for piece in pieces {
      let (sum, overflow) = total.addingReportingOverflow(piece.size)
      guard !overflow, UInt64(sum) <= Self.limit,
        piece.size / Self.highestRatio <= piece.range.count
      else {
        throw TraceFileProblem(
          offset: UInt64(piece.range.lowerBound),
          "\(piece.range.count) compressed bytes claim to contain \(piece.size)")
      }
      total = sum
    }
    return total
  }

  /// Uncompresses pieces into `room`, which is as large as they claim to become, up to the first
  /// that is damaged.
  @unsafe func expand(
    _ pieces: [Piece], of store: ByteStore, into room: UnsafeMutableRawBufferPointer
  ) -> (count: Int, problem: TraceFileProblem?) {
    var done = 0
    for piece in pieces {
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: room[done..<done + piece.size])
      if let problem = unsafe expand(piece, of: store, into: part) { return (done, problem) }
      done += piece.size
    }
    return (done, nil)
  }

  /// Uncompresses a piece into `room`, which is as large as it claims to become.
  @unsafe func expand(
    _ piece: Piece, of store: ByteStore, into room: UnsafeMutableRawBufferPointer
  ) -> TraceFileProblem? {
    let made = store.withBytes(in: piece.range) { bytes in
      unsafe bytes.withUnsafeBytes { source in unsafe decompress(source, into: room) }
    }
    guard made != piece.size else { return nil }
    return TraceFileProblem(
      offset: UInt64(piece.range.lowerBound),
      "damaged compressed data (\(self)), \(piece.size) bytes expected, got \(made ?? 0)")
  }

  /// A mapping, because a failed allocation would end the process and a claim may be large.
  @unsafe private func room(_ size: Int) throws(TraceFileProblem) -> UnsafeMutableRawPointer {
    guard
      let base = unsafe mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      unsafe base != MAP_FAILED
    else { throw TraceFileProblem(offset: nil, "no memory for \(size) uncompressed bytes") }
    return unsafe base
  }

  private static func unmap(_ base: UnsafeRawPointer, _ count: Int) {
    _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
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
