internal import Synchronization

/// Bytes that stay where they are as long as the store lives: a copy, or a mapping that its owner
/// releases.
@safe public final class ByteStore: @unchecked Sendable {
  private let base: UnsafeRawPointer?
  /// The number of bytes.
  public let count: Int
  private let release: (UnsafeRawPointer, Int) -> Void
  private let reading: ((UnsafeMutableRawBufferPointer, Int) -> Bool)?
  private let filling: Filling?

  /// Fills a store's bytes when they are first looked at.
  private final class Filling: @unchecked Sendable {
    private let isDone = Mutex(false)
    private let fill: () -> Void
    let damage: () -> String?

    init(_ fill: @escaping () -> Void, damage: @escaping () -> String?) {
      self.fill = fill
      self.damage = damage
    }

    func run() {
      isDone.withLock { isDone in
        if !isDone { fill() }
        isDone = true
      }
    }
  }

  /// Makes a store that owns a copy of `bytes`.
  public init(_ bytes: [UInt8]) {
    count = bytes.count
    filling = nil
    unsafe reading = nil
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

  /// Takes over `count` bytes at `base`, which must stay readable and unchanged until `release` is
  /// called.
  ///
  /// `reading` fills a buffer with the bytes from an offset on, and says whether it could: what a
  /// mapping was made of may be read so too. It is called from several threads at once.
  public init(
    unsafeBase base: UnsafeRawPointer, count: Int,
    reading: ((UnsafeMutableRawBufferPointer, Int) -> Bool)? = nil,
    release: @escaping (UnsafeRawPointer, Int) -> Void
  ) {
    unsafe self.reading = reading
    unsafe self.base = base
    self.count = count
    filling = nil
    unsafe self.release = release
  }

  /// The same for bytes that `filling` puts at `base` when they are first looked at in place;
  /// `reading` does without.
  ///
  /// `damage` reports what neither of the two could make so far: such bytes are zeros.
  public init(
    unsafeBase base: UnsafeRawPointer, count: Int,
    reading: @escaping (UnsafeMutableRawBufferPointer, Int) -> Bool,
    filling: @escaping () -> Void, damage: @escaping () -> String?,
    release: @escaping (UnsafeRawPointer, Int) -> Void
  ) {
    unsafe self.reading = reading
    unsafe self.base = base
    self.count = count
    self.filling = Filling(filling, damage: damage)
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

  /// Whether `read` has a file to read from.
  public var isReadable: Bool { unsafe reading != nil }

  /// Copies the bytes of `range` to the begin of `bytes`; false where they are not in the store or
  /// cannot be read.
  public func read(_ range: Range<Int>, into bytes: inout [UInt8]) -> Bool {
    guard let reading = unsafe reading, range.lowerBound >= 0, range.upperBound <= count,
      range.count <= bytes.count
    else { return false }
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe reading(
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count]), range.lowerBound)
    }
  }

  /// What could not be made of the bytes that were read or looked at so far, nil where all could.
  public var damage: String? { filling?.damage() }

  @usableFromInline var start: UnsafeRawPointer? {
    filling?.run()
    return unsafe base
  }
}
