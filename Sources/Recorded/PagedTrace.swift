internal import Glibc
internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// A trace of raw pages, of which only what a question needs is decoded.
struct PagedTrace {
  /// All of it, not decoded.
  let raw: RawTrace
  /// Decoder of the events that searches walk; without symbols.
  let scan: TraceDecoder
  /// The kernel's functions, read when the first one is asked for.
  private let symbols: SymbolTable
  /// How stamps become times.
  let clock: StampClock

  /// A search that was made while the pages were read.
  let answer: StreamSearch.Answer?

  /// Reads the heads of the pages; throws where their layout is not known. A `question` that is
  /// sure to be asked is answered at the same time.
  init(
    _ raw: RawTrace, clock: StampClock, question: StreamSearch.Question? = nil
  ) throws(RingBufferError) {
    self.raw = raw
    self.clock = clock
    symbols = SymbolTable(raw.symbolText)
    var bare = raw
    bare.formats = UsedFormats.searched(in: raw.formats)
    bare.symbols = ""
    bare.printkFormats = ""
    answer = clock.isPlain ? question.flatMap { StreamSearch.run($0, bare) } : nil
    if let answer {
      scan = answer.decoder
      return
    }
    Self.populate(raw)
    scan = try TraceDecoder(trace: bare)
  }

  /// How many pages of all CPUs a stretch of time takes, on the trace's corrected clock.
  func pageCount(in span: TimeSpan) -> Int {
    let stored = TimeSpan(clock.stamp(span.start), clock.stamp(span.end))
    return scan.cpus.reduce(0) { sum, cpu in
      sum + (scan.pageIndex(cpu: cpu)?.pages(overlapping: stored, before: 0).count ?? 0)
    }
  }

  /// Decoder of the events that a search for lateness takes; it knows no pages.
  func latenessDecoder() throws(RingBufferError) -> TraceDecoder {
    var bare = raw
    bare.cpus = []
    bare.formats = RunQueueDecoder.used(raw.formats, findsLateness: true)
    return try TraceDecoder(trace: bare, symbols: symbols)
  }

  /// Maps the pages of the file at once and on several cores: the index looks into every one of
  /// them, and a fault for each is what takes longest.
  private static func populate(_ raw: RawTrace) {
    let pageSize = 4_096
    let piece = 16 << 20
    let pieces = raw.cpus.filter { $0.range.count > 1 << 20 }.flatMap { pages in
      stride(from: pages.range.lowerBound, to: pages.range.upperBound, by: piece).map {
        CPUPages(
          cpu: pages.cpu, store: pages.store,
          range: $0..<min($0 + piece, pages.range.upperBound))
      }
    }
    Parallel.forEach(pieces) { pages in
      pages.store.withBytes(in: pages.range) { bytes in
        bytes.withUnsafeBytes { buffer in
          guard let base = buffer.baseAddress else { return }
          let start = (UInt(bitPattern: base) + UInt(pageSize) - 1) & ~UInt(pageSize - 1)
          let end = (UInt(bitPattern: base) + UInt(buffer.count)) & ~UInt(pageSize - 1)
          guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
          // MADV_POPULATE_READ (Linux 5.14); where it is not known the faults do it.
          _ = madvise(first, Int(end - start), 22)
        }
      }
    }
  }

  /// A decoder of some events, by system and name, with the kernel's functions; nil if the trace
  /// has none of them.
  func decoder(of names: [String: Set<String>]) -> TraceDecoder? {
    var part = raw
    part.formats = UsedFormats.named(names, in: raw.formats)
    part.printkFormats = ""
    guard !part.formats.isEmpty else { return nil }
    return try? TraceDecoder(trace: part, symbols: symbols)
  }

  /// The events around a stretch of the trace clock's stamps.
  func timeline(around window: TimeSpan) -> Timeline {
    var part = raw
    let reach = TimeSpan(window.start, window.end + Nanoseconds(microseconds: 100))
    for index in part.cpus.indices {
      guard let pages = scan.pageIndex(cpu: part.cpus[index].cpu), pages.isOrdered,
        pages.problems.isEmpty
      else { continue }
      let wanted = pages.pages(overlapping: reach, before: SpikeExplainer.baselinePages)
      // One more on each side says whether events were lost at the border.
      let low = max(0, wanted.lowerBound - 1)
      let high = min(pages.pages.count, wanted.upperBound + 1)
      guard low < high else { continue }
      let positions = pages.pages[low..<high].map(\.position)
      if let first = positions.min(), let last = positions.max() {
        part.cpus[index].range = (first..<last + raw.pageSize).clamped(to: raw.cpus[index].range)
      }
    }
    let trace = UsedFormats.only(in: part)
    guard let explainer = try? SpikeExplainer(trace, symbols: symbols) else {
      return scan.timeline(in: window)
    }
    return explainer.timeline(around: window)
  }
}
