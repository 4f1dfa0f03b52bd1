public import TraceModel

/// Decodes a raw trace: events of a span of time, or single records by the million.
///
/// Making one reads the formats and the heads of all pages; records are read by the methods. May be
/// used from any thread.
public struct TraceDecoder: Sendable {
  /// The events that the trace may hold.
  public let schema: Schema
  /// The kernel's functions.
  public let symbols: SymbolTable
  /// The size of the trace's pages.
  public let pageSize: Int
  /// Names of tasks from the trace's own table.
  public let comms: [Int32: String]
  /// Name of the trace clock, empty where it is not known.
  public let clock: String
  /// One entry a CPU, ascending by CPU.
  @usableFromInline let buffers: [CPUBuffer]
  let names: AddressNames

  /// A CPU's pages and their index.
  @usableFromInline struct CPUBuffer: Sendable {
    @usableFromInline var pages: CPUPages
    @usableFromInline var index: PageIndex
  }

  /// Reads header, formats and page heads; throws where the pages' layout is not known.
  ///
  /// Formats that cannot be read are in `schema.problems`, damaged pages in the timelines' gaps.
  /// With `symbols` the trace's own are not read: several decoders of one trace share a table.
  public init(trace: RawTrace, symbols: SymbolTable? = nil) throws(RingBufferError) {
    let header = try HeaderPage(text: trace.headerPage)
    try self.init(
      trace, header: header,
      schema: Schema(
        header: header, formats: trace.formats, byteOrder: trace.byteOrder,
        longSize: trace.longSize),
      symbols: symbols ?? SymbolTable(trace.symbolText))
  }

  /// The same with formats and symbols that were read before, in place of the trace's own texts.
  public init(trace: RawTrace, schema: Schema, symbols: SymbolTable) throws(RingBufferError) {
    try self.init(
      trace, header: try HeaderPage(text: trace.headerPage), schema: schema, symbols: symbols)
  }

  private init(
    _ trace: RawTrace, header: HeaderPage, schema: Schema, symbols: SymbolTable
  ) throws(RingBufferError) {
    guard trace.pageSize >= header.dataOffset, trace.pageSize <= FieldFormat.limit else {
      throw RingBufferError(
        operation: .headerPage, position: 0,
        reason:
          "pages of \(trace.pageSize) bytes cannot contain a header of \(header.dataOffset) bytes")
    }
    self.schema = schema
    pageSize = trace.pageSize
    comms = trace.comms
    clock = trace.clock
    self.symbols = symbols
    names = AddressNames(symbols: symbols, printkFormats: trace.printkFormats)
    let reader = PageReader(layout: schema.layout)
    let size = trace.pageSize
    buffers = trace.cpus.sorted { $0.cpu < $1.cpu }.map { pages in
      CPUBuffer(pages: pages, index: PageIndex(pages, pageSize: size, reader: reader))
    }
  }

  /// The same decoder for pages whose index is there already.
  public init(_ other: TraceDecoder, cpus: [(pages: CPUPages, index: PageIndex)]) {
    schema = other.schema
    symbols = other.symbols
    pageSize = other.pageSize
    comms = other.comms
    clock = other.clock
    names = other.names
    buffers = cpus.sorted { $0.pages.cpu < $1.pages.cpu }.map {
      CPUBuffer(pages: $0.pages, index: $0.index)
    }
  }

  /// The CPUs that have a buffer, ascending.
  public var cpus: [Int] { buffers.map(\.pages.cpu) }

  /// The index of a CPU's pages, nil for a CPU without a buffer.
  public func pageIndex(cpu: Int) -> PageIndex? { buffer(cpu)?.index }

  /// Reader of the trace's pages.
  @inlinable public var reader: PageReader { PageReader(layout: schema.layout) }

  /// From a CPU's first record to the nanosecond after its last; nil for an empty or missing
  /// buffer.
  public func timeSpan(cpu: Int) -> TimeSpan? {
    guard let buffer = buffer(cpu) else { return nil }
    let pages = buffer.index.pages.indices
    guard let first = pages.lazy.compactMap({ firstStamp(buffer, page: $0) }).first else {
      return nil
    }
    var last = first
    for page in buffer.index.pages.indices.reversed() {
      guard let stamp = lastStamp(buffer, page: page) else { continue }
      last = max(first, stamp)
      break
    }
    return TimeSpan(Nanoseconds(first), Nanoseconds(last) + Nanoseconds(1))
  }

  /// The span of all CPUs together; nil for an empty trace.
  public var timeSpan: TimeSpan? {
    let spans = cpus.compactMap { timeSpan(cpu: $0) }
    guard let start = spans.map(\.start).min(), let end = spans.map(\.end).max() else { return nil }
    return TimeSpan(start, end)
  }

  @usableFromInline func buffer(_ cpu: Int) -> CPUBuffer? {
    buffers.first { $0.pages.cpu == cpu }
  }

  func firstStamp(_ buffer: CPUBuffer, page: Int) -> Int64? {
    var first: Int64?
    _ = forEachRecord(buffer, page: page) { record in
      first = record.stamp
      return false
    }
    return first
  }

  func lastStamp(_ buffer: CPUBuffer, page: Int) -> Int64? {
    var last: Int64?
    _ = forEachRecord(buffer, page: page) { record in
      last = record.stamp
      return true
    }
    return last
  }

  func forEachRecord(
    _ buffer: CPUBuffer, page: Int, _ body: (RecordRef) -> Bool
  ) -> PageStatus {
    withPage(buffer, page) { bytes in
      reader.forEachRecord(in: bytes, pageSize: pageSize, body)
    }
  }

  @inlinable func withPage<Result>(
    _ buffer: CPUBuffer, _ page: Int, _ body: (RawSpan) -> Result
  ) -> Result {
    let start = buffer.index.pages[page].position
    let range = buffer.pages.range
    return buffer.pages.store.withBytes(in: (start..<start + pageSize).clamped(to: range), body)
  }
}
