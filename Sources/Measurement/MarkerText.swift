internal import TraceModel

/// The marker line of one thread, formatted beforehand but for its five numbers.
struct MarkerText: ~Copyable {
  /// The constant pieces, one behind the other, then the place where the line is put together.
  private let bytes: UnsafeMutablePointer<UInt8>
  /// Where each piece ends.
  private let ends: InlineArray<6, Int>
  /// Where the last piece ends.
  private let length: Int
  /// The line.
  let line: UnsafePointer<UInt8>

  private static var lineOffset: Int { 512 }

  /// Formats what is known before the measurement.
  init(tid: Int32, policy: Int32, priority: Int32, threshold: Nanoseconds) {
    let pieces = [
      BreakMarker.prefix + "cpu=", " tid=\(tid) seq=", " expiry=", " wake=", " latency=",
      " policy=\(policy) prio=\(priority): \(BreakMarker.phrase) (",
      " > \(threshold.microseconds))",
    ]
    bytes = .allocate(capacity: 2 * Self.lineOffset)
    bytes.initialize(repeating: 0, count: 2 * Self.lineOffset)
    var ends = InlineArray<6, Int>(repeating: 0)
    var count = 0
    for (index, piece) in pieces.enumerated() {
      for byte in piece.utf8 {
        bytes[count] = byte
        count += 1
      }
      if index < 6 { ends[index] = count }
    }
    self.ends = ends
    length = count
    line = UnsafePointer(bytes + Self.lineOffset)
  }

  deinit { bytes.deallocate() }

  /// Puts the line together and gives its length.
  @_noAllocation @_noLocks
  func format(cpu: Int32, sequence: UInt64, expiry: Int64, wake: Int64) -> Int {
    var end = piece(from: 0, to: ends[0], at: Self.lineOffset)
    end = number(UInt64(truncatingIfNeeded: cpu), at: end)
    end = piece(from: ends[0], to: ends[1], at: end)
    end = number(sequence, at: end)
    end = piece(from: ends[1], to: ends[2], at: end)
    end = number(UInt64(truncatingIfNeeded: expiry), at: end)
    end = piece(from: ends[2], to: ends[3], at: end)
    end = number(UInt64(truncatingIfNeeded: wake), at: end)
    end = piece(from: ends[3], to: ends[4], at: end)
    let latency = UInt64(truncatingIfNeeded: wake &- expiry)
    end = number(latency, at: end)
    end = piece(from: ends[4], to: ends[5], at: end)
    end = number(latency / 1_000, at: end)
    end = piece(from: ends[5], to: length, at: end)
    return end &- Self.lineOffset
  }

  @_noAllocation @_noLocks
  private func piece(from start: Int, to end: Int, at position: Int) -> Int {
    // By hand: the library's copying functions do not count as free of locks.
    var index = start
    var place = position
    while index < end {
      bytes[place] = bytes[index]
      index &+= 1
      place &+= 1
    }
    return place
  }

  @_noAllocation @_noLocks
  private func number(_ value: UInt64, at position: Int) -> Int {
    var digits = 1
    var rest = value / 10
    while rest != 0 {
      digits &+= 1
      rest /= 10
    }
    rest = value
    var place = position &+ digits
    while place > position {
      place &-= 1
      bytes[place] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    return position &+ digits
  }
}
