public import TraceModel

/// The pages of one CPU by time: made from the pages' heads alone, so that only the pages of a
/// wanted span need be decoded.
public struct PageIndex: Sendable {
  /// One page that holds records.
  public struct Page: Hashable, Sendable {
    /// The page's time stamp.
    public var start: Nanoseconds
    /// Where the page begins in its store.
    public var position: Int
    /// Bytes of records in it.
    public var commit: Int
    /// Whether events were lost before it.
    public var lost: LostMark
  }

  /// Pages with records, in order of their stamps.
  public private(set) var pages: [Page] = []
  /// Whether the pages stood in order of their stamps; in a sound trace they do.
  public private(set) var isOrdered = true
  /// Pages whose head cannot be believed, and bytes after the last whole page that are too few for
  /// a head.
  public private(set) var problems: [RingBufferError] = []

  /// Reads the heads of a CPU's pages.
  public init(_ cpu: CPUPages, pageSize: Int, reader: PageReader) {
    let range = cpu.range.clamped(to: 0..<cpu.store.count)
    guard pageSize > 0 else { return }
    pages.reserveCapacity(range.count / pageSize)
    cpu.store.withBytes(in: range) { bytes in
      var offset = 0
      while offset < bytes.byteCount {
        let page = bytes.extracting(offset..<min(offset + pageSize, bytes.byteCount))
        append(page, at: range.lowerBound + offset, of: cpu, pageSize: pageSize, reader: reader)
        offset += pageSize
      }
    }
    if !isOrdered {
      pages.sort { ($0.start, $0.position) < ($1.start, $1.position) }
    }
  }

  /// An index without pages, and room for as many.
  public init(capacity: Int) { pages.reserveCapacity(max(0, capacity)) }

  /// Takes the head of a CPU's next page, which begins at `position` of its store; says whether the
  /// page holds records.
  ///
  /// Once `isOrdered` is false the index is of no use: a whole one puts its pages in order.
  @discardableResult public mutating func append(
    _ page: RawSpan, at position: Int, of cpu: CPUPages, pageSize: Int, reader: PageReader
  ) -> Bool {
    guard let header = reader.header(of: page) else {
      note(.shorterThanHeader, position, cpu, pageSize)
      return false
    }
    guard header.commit <= pageSize - reader.layout.dataOffset else {
      note(.commitTooLong, position, cpu, pageSize)
      return false
    }
    guard header.commit > 0 else { return false }
    let start = Nanoseconds(Int64(clamping: header.timestamp))
    isOrdered = isOrdered && start >= pages.last?.start ?? start
    pages.append(Page(start: start, position: position, commit: header.commit, lost: header.lost))
    return true
  }

  private mutating func note(
    _ damage: PageDamage, _ position: Int, _ cpu: CPUPages, _ pageSize: Int
  ) {
    let index = (position - cpu.range.lowerBound) / max(1, pageSize)
    problems.append(
      RingBufferError(
        operation: .page, subject: "CPU \(cpu.cpu) page \(index)", position: position,
        reason: damage.text))
  }

  /// The pages that may hold records of `span`, with `before` more pages before them.
  public func pages(overlapping span: TimeSpan?, before: Int = 0) -> Range<Int> {
    // Where the pages are not in order a page may hold anything.
    guard let span, isOrdered else { return 0..<pages.count }
    // The page before the first one that begins in the span may reach into it.
    let first = firstPage { $0.start >= span.start }
    let end = firstPage { $0.start >= span.end }
    let low = max(0, first - 1 - max(0, min(before, pages.count)))
    return low..<max(low, end)
  }

  private func firstPage(where isBehind: (Page) -> Bool) -> Int {
    var low = 0
    var high = pages.count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(pages[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
