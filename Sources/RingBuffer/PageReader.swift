/// Walks the records of sub-buffer pages.
///
/// The record format is that of include/linux/ring_buffer.h: a word with a type or length in 5 bits
/// and a time delta in 27, then the data. Every offset is checked against the page; nothing is
/// believed.
@frozen public struct PageReader: Hashable, Sendable {
  /// The layout of the pages.
  public let layout: PageLayout

  /// Makes a reader of pages of `layout`.
  @inlinable public init(layout: PageLayout) { self.layout = layout }

  /// The page's head, nil where the page is shorter than it.
  @inlinable public func header(of page: RawSpan) -> PageHeader? {
    let swapped = layout.isSwapped
    guard page.byteCount >= layout.dataOffset else { return nil }
    let timestamp = page.uncheckedUInt64(layout.timestampOffset, swapped: swapped)
    let word = long(page, layout.commitOffset)
    let commit = Int(word & 0x07ff_ffff)
    var lost = LostMark.none
    if word & 0x8000_0000 != 0 {
      lost = .unknownCount
      let behind = layout.dataOffset + commit
      if word & 0x4000_0000 != 0, behind <= page.byteCount - layout.commitSize {
        lost = .count(long(page, behind))
      }
    }
    return PageHeader(timestamp: timestamp, commit: commit, lost: lost)
  }

  @inlinable @inline(__always) func long(_ page: RawSpan, _ offset: Int) -> UInt64 {
    layout.commitSize == 8
      ? page.uncheckedUInt64(offset, swapped: layout.isSwapped)
      : UInt64(page.uncheckedUInt32(offset, swapped: layout.isSwapped))
  }

  /// Gives every record of the page to `body` in order, until it returns false.
  ///
  /// - Parameter pageSize: The size that the page should have; a shorter `page` is taken as cut
  ///   off, and its whole records are given.
  @inlinable @inline(__always)
  public func forEachRecord(
    in page: RawSpan, pageSize: Int? = nil, _ body: (RecordRef) -> Bool
  ) -> PageStatus {
    guard let header = header(of: page) else { return .damaged(.shorterThanHeader, offset: 0) }
    let data = layout.dataOffset
    guard header.commit <= max(pageSize ?? 0, page.byteCount) - data else {
      return .damaged(.commitTooLong, offset: layout.commitOffset)
    }
    let end = min(data + header.commit, page.byteCount)
    let status = walk(page, from: data, to: end, time: header.timestamp, body)
    guard end < data + header.commit else { return status }
    switch status {
    case .complete: return .damaged(.truncated, offset: end)
    case .damaged(.recordTooLong, let offset): return .damaged(.truncated, offset: offset)
    default: return status
    }
  }

  /// `end` is not after the page's end.
  @inlinable @inline(__always)
  func walk(
    _ page: RawSpan, from start: Int, to end: Int, time: UInt64, _ body: (RecordRef) -> Bool
  ) -> PageStatus {
    let swapped = layout.isSwapped
    let big = layout.isBigEndian
    let idOffset = layout.idOffset
    var time = time
    var offset = start
    while offset < end {
      let room = end - offset
      guard room >= 4 else { return .damaged(.recordTooLong, offset: offset) }
      let word = page.uncheckedUInt32(offset, swapped: swapped)
      let type = big ? word >> 27 : word & 31
      let delta = UInt64(big ? word & 0x07ff_ffff : word >> 5)
      var data = offset + 4
      var length = Int(type) * 4
      if type == 0 || type > 28 {
        // A padding without a delta is the rest of the page.
        if type == 29, delta == 0 { return .complete }
        guard room >= 8 else { return .damaged(.recordTooLong, offset: offset) }
        let array = page.uncheckedUInt32(offset + 4, swapped: swapped)
        switch type {
        case 0:
          guard array >= 4 else { return .damaged(.recordTooShort, offset: offset) }
          data = offset + 8
          length = (Int(array) - 4 + 3) & ~3
        case 29:
          guard Int(array) <= page.byteCount - data else {
            return .damaged(.recordTooLong, offset: offset)
          }
          time &+= delta
          offset = data + Int(array)
          continue
        case 30:
          time &+= UInt64(array) << 27 &+ delta
          offset += 8
          continue
        default:
          time = Self.absolute(UInt64(array) << 27 | delta, after: time)
          offset += 8
          continue
        }
      }
      guard length <= end - data else { return .damaged(.recordTooLong, offset: offset) }
      guard idOffset <= length - 2 else { return .damaged(.recordTooShort, offset: offset) }
      time &+= delta
      let id = page.uncheckedUInt16(data + idOffset, swapped: swapped)
      guard body(RecordRef(time: time, offset: data, length: length, id: id)) else {
        return .stopped
      }
      offset = data + length
    }
    return .complete
  }

  /// An absolute stamp has 59 bits; the 5 above are those of the time before it
  /// (`rb_fix_abs_ts()`).
  @inlinable static func absolute(_ stamp: UInt64, after time: UInt64) -> UInt64 {
    let high = time & 0xf800_0000_0000_0000
    guard high != 0 else { return stamp }
    let fixed = stamp | high
    return fixed < time ? fixed &+ 1 << 59 : fixed
  }
}
