/// Bytes that stay where they are as long as the store lives: a copy, or a mapping that its owner releases.
@safe public final class ByteStore: @unchecked Sendable {
  private let base: UnsafeRawPointer?
  /// The number of bytes.
  public let count: Int
  private let release: (UnsafeRawPointer, Int) -> Void

  /// Makes a store that owns a copy of `bytes`.
  public init(_ bytes: [UInt8]) {
    count = bytes.count
    guard !bytes.isEmpty else {
      unsafe base = nil
      unsafe release = { _, _ in }
      return
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    unsafe copy.copyBytes(from: bytes)
    unsafe base = UnsafeRawPointer(copy.baseAddress)
    unsafe release = { pointer, _ in unsafe pointer.deallocate() }
  }

  /// Takes over `count` bytes at `base`, which must stay readable and unchanged until `release` is called.
  public init(
    unsafeBase base: UnsafeRawPointer, count: Int,
    release: @escaping (UnsafeRawPointer, Int) -> Void
  ) {
    unsafe self.base = base
    self.count = count
    unsafe self.release = release
  }

  deinit {
    if let base = unsafe base { unsafe release(base, count) }
  }

  /// Gives the bytes of `range`, clipped to the store, to `body`.
  @inlinable public func withBytes<Result, Failure: Error>(
    in range: Range<Int>? = nil, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let wanted = (range ?? 0..<count).clamped(to: 0..<count)
    let buffer = unsafe UnsafeRawBufferPointer(
      start: start.map { unsafe $0 + wanted.lowerBound }, count: wanted.count)
    return try body(unsafe buffer.bytes)
  }

  @usableFromInline var start: UnsafeRawPointer? { unsafe base }
}
