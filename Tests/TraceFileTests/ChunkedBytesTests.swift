import CZlib
import RingBuffer
import Testing

@testable import TraceFile

/// Compressed chunks that are uncompressed when they are read.
struct ChunkedBytesTests {
  private static let sizes = [4_096, 1, 10_000, 0, 777, 8_192]
  private static let content = (0..<23_066).map { UInt8(truncatingIfNeeded: $0 / 7 + $0 % 13) }

  /// The file, and its chunks.
  private static func packed() -> (bytes: [UInt8], pieces: [Decompressor.Piece]) {
    var bytes: [UInt8] = [1, 2, 3]
    var pieces: [Decompressor.Piece] = []
    var start = 0
    for size in sizes {
      let chunk = Array(content[start..<start + size])
      start += size
      var length = compressBound(uLong(size))
      var output = [UInt8](repeating: 0, count: Int(length))
      #expect(compress2(&output, &length, chunk, uLong(size), 6) == Z_OK)
      pieces.append(
        Decompressor.Piece(range: bytes.count..<bytes.count + Int(length), size: size))
      bytes += output[..<Int(length)]
    }
    return (bytes, pieces)
  }

  private static func bytes(_ store: ByteStore) -> [UInt8] {
    store.withBytes { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
  }

  @Test func `any part is what it is in the whole`() throws {
    let (file, pieces) = Self.packed()
    let store = try Decompressor.zlib.expandLater(pieces, of: ByteStore(file))
    #expect(store.count == Self.content.count && store.isReadable)
    var room = [UInt8](repeating: 0, count: store.count)
    var number = 1
    for _ in 0..<500 {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let start = Int(number.magnitude >> 20) % store.count
      let size = min(Int(number.magnitude >> 40) % 9_000, store.count - start)
      #expect(store.read(start..<start + size, into: &room))
      #expect(room[..<size] == Self.content[start..<start + size])
    }
    #expect(!store.read(store.count..<store.count + 1, into: &room))
    #expect(store.damage == nil)
    #expect(Self.bytes(store) == Self.content)
  }

  @Test func `behind a damaged chunk there are zeros`() throws {
    var (file, pieces) = Self.packed()
    file[pieces[2].range.lowerBound + 2] ^= 0xff
    let good = pieces[..<2].reduce(0) { $0 + $1.size }
    let expected =
      Self.content[..<good] + [UInt8](repeating: 0, count: Self.content.count - good)
    let text = "damaged compressed data (zlib), 10000 bytes expected, got 0"
    let read = try Decompressor.zlib.expandLater(pieces, of: ByteStore(file))
    var room = [UInt8](repeating: 1, count: read.count)
    #expect(read.damage == nil)
    #expect(read.read(0..<read.count, into: &room))
    #expect(room[...] == expected)
    #expect(read.damage == "at \(pieces[2].range.lowerBound): \(text)")
    let whole = try Decompressor.zlib.expandLater(pieces, of: ByteStore(file))
    #expect(Self.bytes(whole)[..<good] == Self.content[..<good])
    #expect(whole.damage == read.damage)
  }

  @Test func `a file gives the same pages read later as at once`() throws {
    let file = ByteStore(SyntheticDat(compression: "zlib").version7())
    let now = try TraceDatReader.read(file, path: "x")
    let later = try TraceDatReader.read(file, path: "x", mostAtOnce: 0)
    #expect(now.buffers.count == later.buffers.count && now.problems == later.problems)
    for (one, other) in zip(now.buffers, later.buffers) {
      for (a, b) in zip(one.trace.cpus, other.trace.cpus) {
        #expect(a.range == b.range)
        #expect(Self.bytes(a.store) == Self.bytes(b.store))
        #expect(b.store.isReadable || b.range.isEmpty)
      }
    }
  }
}
