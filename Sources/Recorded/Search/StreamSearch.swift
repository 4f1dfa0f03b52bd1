internal import RingBuffer
internal import TraceModel

/// Searches the wakeups of a file while it is read for the first time.
///
/// Reading piece by piece into memory that stays in the cache takes less than mapping a file and
/// looking at it twice, for the index of its pages and for the records.
struct StreamSearch {
  /// What was searched for.
  struct Question: Hashable, Sendable {
    var task: TaskSelector?
    var threshold: Nanoseconds?
    var limit: Int
  }

  /// The answer and the index that came with it.
  struct Answer: Sendable {
    var question: Question
    var search: WakeupSearch
    /// The decoder of the pages, with their index.
    var decoder: TraceDecoder
  }

  /// Smaller traces are in memory at once.
  private static let least = 16 << 20
  /// Pages of a CPU that are read in the first round.
  private static let roundPages = 2_048
  /// Steps of one round that are worth their memory: while fewer come the rounds grow.
  private static let roundSteps = 50_000
  /// How much a round may be longer than the one before, and than the first.
  private static let growth = (once: 8, ever: 16)
  /// Steps that wait for other CPUs before those are read alone.
  private static let mostWaiting = 200_000

  /// nil where the pages cannot be read so, or are not in order of time: then the index is needed
  /// first.
  static func run(
    _ question: Question, _ trace: RawTrace, least: Int = Self.least,
    roundPages: Int = Self.roundPages
  ) -> Answer? {
    let bytes = trace.cpus.reduce(0) { $0 + $1.range.count }
    guard bytes >= least, trace.cpus.allSatisfy({ $0.range.isEmpty || $0.store.isReadable }) else {
      return nil
    }
    var bare = trace
    bare.cpus = []
    guard let empty = try? TraceDecoder(trace: bare), PageSearch.isPossible(empty) else {
      return nil
    }
    let cpus = trace.cpus.sorted { $0.cpu < $1.cpu }
    let readers = cpus.compactMap { PieceReader($0, empty, task: question.task) }
    guard readers.count == cpus.count else { return nil }
    var pairing = WakeupPairing(empty, question)
    var waiting: [StepCollector.Step] = []
    var pages = roundPages
    while true {
      let open = readers.filter { !$0.isAtEnd }
      let behind = open.map(\.frontier).min() ?? .max
      let chosen =
        waiting.count > mostWaiting ? open.filter { $0.frontier == behind } : open
      let count = pages
      Parallel.forEach(chosen) { $0.read(pages: count) }
      guard readers.allSatisfy(\.isSound) else { return nil }
      let known = Set(readers.flatMap(\.collector.pids))
      for reader in readers { reader.collector.pids = Array(known) }
      let found = chosen.reduce(0) { $0 + $1.collector.steps.count }
      let fitting = pages * min(growth.once, roundSteps / max(1, found))
      pages = min(max(fitting, roundPages), roundPages * growth.ever)
      for reader in chosen {
        waiting += reader.collector.steps
        reader.collector.forget()
      }
      waiting.sort { ($0.time, $0.cpu) < ($1.time, $1.cpu) }
      let border = readers.filter { !$0.isAtEnd }.map(\.frontier).min() ?? .max
      let ready =
        border == .max ? waiting.count : waiting.firstIndex { $0.time >= border } ?? waiting.count
      let collectors = readers.map(\.collector)
      for step in waiting[..<ready] { pairing.take(step, collectors) }
      waiting.removeFirst(ready)
      if readers.allSatisfy(\.isAtEnd) { break }
    }
    pairing.result.records = readers.reduce(0) { $0 + $1.collector.records }
    return Answer(
      question: question, search: pairing.result,
      decoder: TraceDecoder(empty, cpus: readers.map { ($0.pages, $0.index) }))
  }
}

/// Reads the pages of one CPU in the file's order.
///
/// Unchecked, because each reader is used by one thread at a time (`Parallel`).
private final class PieceReader: @unchecked Sendable {
  let pages: CPUPages
  let collector: StepCollector
  private(set) var index: PageIndex
  /// The newest stamp read so far.
  private(set) var frontier = Int64.min
  /// Whether every page could be read and came in order of time.
  private(set) var isSound = true
  private let reader: PageReader
  private let pageSize: Int
  private var position: Int
  private var piece: [UInt8]

  /// A piece stays in a core's own cache.
  private static let pieceSize = 256 << 10

  init?(_ pages: CPUPages, _ decoder: TraceDecoder, task: TaskSelector?) {
    guard let collector = StepCollector(decoder.schema, cpu: pages.cpu, task: task) else {
      return nil
    }
    var pages = pages
    pages.range = pages.range.clamped(to: 0..<pages.store.count)
    self.pages = pages
    self.collector = collector
    reader = decoder.reader
    pageSize = decoder.pageSize
    position = pages.range.lowerBound
    index = PageIndex(capacity: pages.range.count / max(1, decoder.pageSize))
    let whole = max(1, Self.pieceSize / max(1, decoder.pageSize)) * decoder.pageSize
    piece = [UInt8](repeating: 0, count: pages.range.isEmpty ? 0 : whole)
  }

  var isAtEnd: Bool { position >= pages.range.upperBound }

  /// Reads the next pages, collects their steps and takes their heads into the index.
  func read(pages count: Int) {
    let end = min(pages.range.upperBound, position + count * pageSize)
    while position < end, isSound {
      let size = min(piece.count, end - position)
      guard pages.store.read(position..<position + size, into: &piece) else {
        isSound = false
        return
      }
      let bytes = piece.span.bytes
      var offset = 0
      while offset < size {
        let page = bytes.extracting(offset..<min(offset + pageSize, size))
        if index.append(page, at: position + offset, of: pages, pageSize: pageSize, reader: reader)
        {
          frontier = max(frontier, collector.collect(page, reader, pageSize: pageSize))
        }
        offset += pageSize
      }
      position += size
    }
    isSound = isSound && index.isOrdered
  }
}
