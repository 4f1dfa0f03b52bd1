internal import RingBuffer

/// A cursor over a part of a store; every read is checked against the part's end.
struct ByteReader {
  let store: ByteStore
  var order: ByteOrder
  private(set) var offset: Int
  let end: Int
  /// Where the store's first byte is in the file; nil for a store that was uncompressed from
  /// a section, whose problems then carry the section's own offset.
  let section: UInt64?

  init(
    _ store: ByteStore, range: Range<Int>? = nil, order: ByteOrder = .little,
    section: UInt64? = nil
  ) {
    let part = (range ?? 0..<store.count).clamped(to: 0..<store.count)
    self.store = store
    self.order = order
    offset = part.lowerBound
    end = part.upperBound
    self.section = section
  }

  /// Bytes left.
  var remaining: Int { end - offset }

  /// The offset in the file that a problem here is to name.
  var place: UInt64 { section ?? UInt64(offset) }

  /// A problem at the present offset.
  func problem(_ text: String) -> TraceFileProblem { TraceFileProblem(offset: place, text) }

  /// Takes `count` bytes; throws where fewer are left.
  mutating func take(_ count: UInt64, _ what: String) throws(TraceFileProblem) -> Range<Int> {
    guard let wanted = Int(exactly: count), wanted <= remaining else {
      throw problem("the file ends inside \(what), \(count) bytes expected, \(remaining) left")
    }
    let range = offset..<offset + wanted
    offset += wanted
    return range
  }

  /// An unsigned number of `size` (1...8) bytes.
  mutating func number(_ size: Int, _ what: String) throws(TraceFileProblem) -> UInt64 {
    let range = try take(UInt64(size), what)
    let big = order == .big
    return store.withBytes(in: range) { bytes in
      var value: UInt64 = 0
      for index in 0..<bytes.byteCount {
        let byte = UInt64(bytes.byte(index))
        value = big ? value << 8 | byte : value | byte << UInt64(8 * index)
      }
      return value
    }
  }

  /// `count` bytes as text, up to a NUL at their end.
  mutating func text(_ count: UInt64, _ what: String) throws(TraceFileProblem) -> String {
    let range = try take(count, what)
    return store.withBytes(in: range) { bytes in
      var length = bytes.byteCount
      while length > 0, bytes.byte(length - 1) == 0 { length -= 1 }
      return bytes.string(0..<length)
    }
  }

  /// The same as `text`, left where it is.
  mutating func storedText(
    _ count: UInt64, _ what: String
  ) throws(TraceFileProblem) -> StoredText {
    let range = try take(count, what)
    let length = store.withBytes(in: range) { bytes in
      var length = bytes.byteCount
      while length > 0, bytes.byte(length - 1) == 0 { length -= 1 }
      return length
    }
    return StoredText(store, range: range.lowerBound..<range.lowerBound + length)
  }

  /// Text up to a NUL, which is taken too.
  mutating func cString(_ what: String) throws(TraceFileProblem) -> String {
    let start = offset
    let found = store.withBytes(in: offset..<end) { bytes -> Int? in
      for index in 0..<bytes.byteCount where bytes.byte(index) == 0 { return index }
      return nil
    }
    guard let found else { throw problem("the file ends inside \(what)") }
    offset = start + found + 1
    return store.withBytes(in: start..<start + found) { $0.string(0..<found) }
  }

  /// Whether the next bytes are those of `text`; they are taken then.
  mutating func accept(_ text: String) -> Bool { accept(Array(text.utf8)) }

  /// Whether the next bytes are `wanted`; they are taken then.
  mutating func accept(_ wanted: [UInt8]) -> Bool {
    guard wanted.count <= remaining else { return false }
    let same = store.withBytes(in: offset..<offset + wanted.count) { bytes in
      for index in 0..<wanted.count where bytes.byte(index) != wanted[index] { return false }
      return true
    }
    if same { offset += wanted.count }
    return same
  }
}
