/// A text that stays in the bytes it came in, until somebody wants to read it: a kernel's symbols
/// are megabytes, and few traces need one of them.
public struct StoredText: Sendable {
  /// Where the bytes are.
  public let store: ByteStore
  /// The text's bytes in the store.
  public let range: Range<Int>

  /// Names a part of a store, clipped to it.
  public init(_ store: ByteStore, range: Range<Int>? = nil) {
    self.store = store
    self.range = (range ?? 0..<store.count).clamped(to: 0..<store.count)
  }

  /// Keeps a text.
  public init(_ text: String) {
    self.init(ByteStore(Array(text.utf8)))
  }

  /// Whether there is no byte.
  public var isEmpty: Bool { range.isEmpty }

  /// The text; what is not UTF-8 becomes the replacement character.
  public var text: String {
    withBytes { bytes in
      unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
  }

  /// The first `count` bytes, which may cut a character.
  public func prefix(_ count: Int) -> StoredText {
    StoredText(store, range: range.lowerBound..<min(range.upperBound, range.lowerBound + count))
  }

  /// Gives the bytes to `body`.
  @inlinable public func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result {
    store.withBytes(in: range, body)
  }
}
