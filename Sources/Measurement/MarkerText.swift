internal import CRealtime
internal import TraceModel

/// The marker line of one thread, formatted beforehand but for its five numbers.
///
/// The line is put together from its end to its start: no number's length has to be known before
/// its digits are there, and whole words can be copied, as what they spill lies where the line has
/// not come to yet. It is cold when it is needed, so that what counts is how few cache lines it
/// touches one after the other.
struct MarkerText {
  /// Where each constant piece ends, the pieces one after the other, the place where the line is
  /// put together.
  private let bytes: UnsafeMutableRawPointer

  /// Where the first piece begins, a line of the cache after the ends: a word's spill lies before
  /// it.
  private static var piecesOffset: Int { 64 }
  /// The memory that it works on.
  static var byteCount: Int { 1_024 }
  /// Where the line ends, with room for the pieces, the line and a word's spill before it.
  private static var lineEnd: Int { byteCount }
  /// Unit of prefetching.
  private static var cacheLine: Int { 64 }

  /// Formats what is known before the measurement into `bytes`, which the caller owns.
  init(
    in bytes: UnsafeMutableRawPointer, tid: Int32, policy: Int32, priority: Int32,
    threshold: Nanoseconds
  ) {
    self.bytes = bytes
    let pieces = [
      BreakMarker.prefix + "cpu=", " tid=\(tid) seq=", " expiry=", " wake=", " latency=",
      " policy=\(policy) prio=\(priority): \(BreakMarker.phrase) (",
      " > \(threshold.microseconds))",
    ]
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.lineEnd)
    var count = Self.piecesOffset
    for (index, piece) in pieces.enumerated() {
      for byte in piece.utf8 {
        bytes.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
      }
      bytes.storeBytes(of: count, toByteOffset: index * 8, as: Int.self)
    }
    var end = Self.readyOffset
    for byte in "breaktrace: tid=\(tid) is ready to measure".utf8 {
      bytes.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
      end += 1
    }
    bytes.storeBytes(of: end, toByteOffset: 7 * 8, as: Int.self)
  }

  /// Where the line is that `writeReady` writes, after the pieces; its end is the last of the ends.
  private static var readyOffset: Int { 512 }

  /// Writes a line that is not a hit to `marker`: what a kernel touches at its first marker only is
  /// warm then.
  @_noAllocation @_noLocks
  func writeReady(_ marker: Int32) {
    let end = bytes.load(fromByteOffset: 7 &* 8, as: Int.self)
    _ = bt_write(marker, UnsafeRawPointer(bytes + Self.readyOffset), end &- Self.readyOffset)
  }

  /// The line that `format` put together, `length` bytes long.
  @_noAllocation @_noLocks
  func line(_ length: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(bytes + (Self.lineEnd &- length))
  }

  /// Puts the line together and gives its length.
  @_noAllocation @_noLocks @inline(__always)
  func format(cpu: Int32, sequence: UInt64, expiry: Int64, wake: Int64) -> Int {
    var ahead = Self.cacheLine
    while ahead <= 3 &* Self.cacheLine {
      bt_prefetch(bytes + (ahead &- Self.cacheLine))
      bt_prefetch(bytes + (Self.lineEnd &- ahead))
      ahead &+= Self.cacheLine
    }
    let latency = UInt64(truncatingIfNeeded: wake &- expiry)
    var start = piece(6, before: Self.lineEnd)
    start = number(latency / 1_000, before: start)
    start = piece(5, before: start)
    start = number(latency, before: start)
    start = piece(4, before: start)
    start = number(UInt64(truncatingIfNeeded: wake), before: start)
    start = piece(3, before: start)
    start = number(UInt64(truncatingIfNeeded: expiry), before: start)
    start = piece(2, before: start)
    start = number(sequence, before: start)
    start = piece(1, before: start)
    start = number(UInt64(truncatingIfNeeded: cpu), before: start)
    start = piece(0, before: start)
    return Self.lineEnd &- start
  }

  /// Copies a piece before `position` and gives where it begins.
  @_noAllocation @_noLocks @inline(__always)
  private func piece(_ index: Int, before position: Int) -> Int {
    let start =
      index == 0
      ? Self.piecesOffset : bytes.load(fromByteOffset: (index &- 1) &* 8, as: Int.self)
    let end = bytes.load(fromByteOffset: index &* 8, as: Int.self)
    var source = end
    var place = position
    while source > start {
      source &-= 8
      place &-= 8
      let word = bytes.loadUnaligned(fromByteOffset: source, as: UInt64.self)
      bytes.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
    }
    return position &- (end &- start)
  }

  /// Writes a number before `position` and gives where it begins.
  @_noAllocation @_noLocks @inline(__always)
  private func number(_ value: UInt64, before position: Int) -> Int {
    var rest = value
    var place = position
    while rest >= 10 {
      let quotient = rest / 10
      place &-= 1
      digit(rest &- quotient &* 10, at: place)
      rest = quotient
    }
    place &-= 1
    digit(rest, at: place)
    return place
  }

  @_noAllocation @_noLocks @inline(__always)
  private func digit(_ value: UInt64, at place: Int) {
    bytes.storeBytes(
      of: 48 &+ UInt8(truncatingIfNeeded: value), toByteOffset: place, as: UInt8.self)
  }
}
