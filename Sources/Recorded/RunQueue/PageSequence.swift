internal import RingBuffer
internal import TraceModel

/// The pages of one CPU that hold records, in order of their stamps, read piece by piece.
///
/// A first look at the heads alone says whether the pages are in order already, as those of a sound
/// trace are; only where they are not their places are kept.
struct PageSequence {
  /// Where reading failed, nil where it did not.
  private(set) var problem: String?
  private let pages: CPUPages
  private let reader: PageReader
  private let pageSize: Int
  /// The places of the pages, nil where they are in order.
  private var places: [Int]?
  /// The next byte to read, or the next one of `places`.
  private var next: Int
  /// Bytes from `start` on.
  private var piece: [UInt8] = []
  private var start = 0
  private var count = 0

  /// Small against the caches, large against the cost of a call.
  private static let pieceSize = 128 << 10

  init(_ pages: CPUPages, _ decoder: TraceDecoder) {
    var pages = pages
    pages.range = pages.range.clamped(to: 0..<pages.store.count)
    self.pages = pages
    reader = decoder.reader
    pageSize = max(1, decoder.pageSize)
    next = pages.range.lowerBound
    places = sorted()
    if places != nil { next = 0 }
  }

  /// Gives the next page to `body`; false at the end.
  mutating func next(_ body: (RawSpan) -> Void) -> Bool {
    while true {
      let place: Int
      if let places {
        guard next < places.count else { return false }
        place = places[next]
        next += 1
      } else {
        guard next < pages.range.upperBound else { return false }
        place = next
        next += pageSize
      }
      let end = min(place + pageSize, pages.range.upperBound)
      guard pages.store.isReadable else {
        var isPage = false
        pages.store.withBytes(in: place..<end) { page in
          isPage = isUsed(page)
          if isPage { body(page) }
        }
        if isPage { return true }
        continue
      }
      guard fill(place..<end) else {
        next = places?.count ?? pages.range.upperBound
        return false
      }
      let page = piece.span.bytes.extracting(place - start..<end - start)
      guard isUsed(page) else { continue }
      body(page)
      return true
    }
  }

  /// Whether the head can be believed and there are records.
  private func isUsed(_ page: RawSpan) -> Bool {
    guard let header = reader.header(of: page) else { return false }
    return header.commit > 0 && header.commit <= pageSize - reader.layout.dataOffset
  }

  /// Reads a page into `piece`, and those after it where they will be wanted next.
  private mutating func fill(_ page: Range<Int>) -> Bool {
    if page.lowerBound >= start, page.upperBound <= start + count { return true }
    let most = places == nil ? max(1, Self.pieceSize / pageSize) * pageSize : pageSize
    let size = min(most, pages.range.upperBound - page.lowerBound)
    if piece.count < size { piece = [UInt8](repeating: 0, count: size) }
    guard pages.store.read(page.lowerBound..<page.lowerBound + size, into: &piece) else {
      count = 0
      problem =
        "CPU \(pages.cpu): cannot read the pages from byte \(page.lowerBound) on"
      return false
    }
    start = page.lowerBound
    count = size
    return true
  }

  /// The places of the pages in order of their stamps, nil where that is the order of the file.
  private func sorted() -> [Int]? {
    var last = Int64.min
    var isOrdered = true
    visitHeads { _, stamp in
      isOrdered = isOrdered && stamp >= last
      last = stamp
      return isOrdered
    }
    guard !isOrdered else { return nil }
    var found: [(stamp: Int64, place: Int)] = []
    visitHeads { place, stamp in
      found.append((stamp, place))
      return true
    }
    return found.sorted { ($0.stamp, $0.place) < ($1.stamp, $1.place) }.map(\.place)
  }

  /// Gives place and stamp of the pages with records in the file's order, until `body` returns
  /// false.
  private func visitHeads(_ body: (Int, Int64) -> Bool) {
    let length = min(reader.layout.dataOffset, pageSize)
    var head = [UInt8](repeating: 0, count: length)
    for place in stride(from: pages.range.lowerBound, to: pages.range.upperBound, by: pageSize) {
      let end = min(place + length, pages.range.upperBound)
      var stamp: Int64?
      func look(_ page: RawSpan) {
        guard let header = reader.header(of: page), header.commit > 0,
          header.commit <= pageSize - reader.layout.dataOffset
        else { return }
        stamp = Int64(clamping: header.timestamp)
      }
      if pages.store.isReadable {
        guard end - place == length else { continue }
        guard pages.store.read(place..<end, into: &head) else { return }
        look(head.span.bytes)
      } else {
        pages.store.withBytes(in: place..<end, look)
      }
      if let stamp, !body(place, stamp) { return }
    }
  }
}
