internal import RingBuffer
internal import Synchronization

/// The compressed chunks of one CPU, of which one at a time is uncompressed where they are read in
/// order.
///
/// As where all are uncompressed at once, nothing behind a damaged chunk is given: there are zeros
/// instead.
final class ChunkedBytes: Sendable {
  /// The most that a chunk may become: it is in memory as a whole.
  static let largest = 16 << 20

  private struct State {
    /// The chunk that `bytes` holds, -1 for none.
    var chunk = -1
    var bytes: [UInt8] = []
    /// The first chunk that is damaged, as far as it is known.
    var end = Int.max
    var problem: TraceFileProblem?
  }

  private let store: ByteStore
  private let decompressor: Decompressor
  private let pieces: [Decompressor.Piece]
  /// Where each chunk begins, and the end of the last one.
  private let starts: [Int]
  private let state = Mutex(State())

  /// The pieces' sizes together are not overflow (`Decompressor.size`).
  init(_ pieces: [Decompressor.Piece], of store: ByteStore, _ decompressor: Decompressor) {
    self.store = store
    self.decompressor = decompressor
    self.pieces = pieces
    var starts = [0]
    for piece in pieces { starts.append((starts.last ?? 0) + piece.size) }
    self.starts = starts
  }

  /// The first damage that was met.
  var problem: TraceFileProblem? { state.withLock { $0.problem } }

  /// Fills the buffer with the bytes from `offset` on; false where there are too few.
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset >= 0, buffer.count <= (starts.last ?? 0) - offset else { return false }
    state.withLock { state in
      var done = 0
      var chunk = chunk(at: offset, after: state.chunk)
      while done < buffer.count {
        let start = offset + done - starts[chunk]
        let size = min(pieces[chunk].size - start, buffer.count - done)
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + size])
        if load(chunk, &state) {
          unsafe part.copyBytes(from: state.bytes[start..<start + size])
        } else {
          _ = unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        }
        done += size
        chunk += 1
      }
    }
    return true
  }

  /// Fills a buffer of the size of all chunks, which is zero before.
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    let (_, problem) = unsafe decompressor.expand(pieces, of: store, into: buffer)
    if let problem { state.withLock { $0.problem = problem } }
  }

  /// The chunk that holds the byte at `offset`, which lies in one.
  private func chunk(at offset: Int, after last: Int) -> Int {
    // Mostly the same one or the next one.
    for near in [last, last + 1] where pieces.indices.contains(near) {
      if starts[near] <= offset, offset < starts[near + 1] { return near }
    }
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle + 1] <= offset { low = middle + 1 } else { high = middle }
    }
    return min(low, max(0, pieces.count - 1))
  }

  /// Uncompresses a chunk where it is not there yet; false where it or one before it is damaged.
  private func load(_ chunk: Int, _ state: inout State) -> Bool {
    guard chunk < state.end else { return false }
    guard chunk != state.chunk else { return true }
    let size = pieces[chunk].size
    state.chunk = -1
    if state.bytes.count < size { state.bytes = [UInt8](repeating: 0, count: size) }
    let problem = unsafe state.bytes.withUnsafeMutableBytes { room in
      unsafe decompressor.expand(
        pieces[chunk], of: store, into: UnsafeMutableRawBufferPointer(rebasing: room[..<size]))
    }
    if let problem {
      state.end = chunk
      state.problem = problem
      return false
    }
    state.chunk = chunk
    return true
  }
}
