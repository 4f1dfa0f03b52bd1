internal import RingBuffer
internal import TraceModel

/// The work of reading one trace.dat file.
struct TraceDatParser {
  let head: TraceDatHead
  let store: ByteStore
  let decompressor: Decompressor?
  var options: TraceDatOptions
  var metadata = TraceDatMetadata()
  var buffers: [TraceDatBuffer] = []
  var latencyText: String?
  var problems: [TraceFileProblem] = []
  /// Data of a CPU that become more bytes are uncompressed when they are read.
  let mostAtOnce: Int

  init(head: TraceDatHead, store: ByteStore, mostAtOnce: Int) {
    self.mostAtOnce = mostAtOnce
    self.head = head
    self.store = store
    decompressor = Decompressor(name: head.compression)
    var file = TraceDatFile(version: head.version)
    file.compression = head.compression
    options = TraceDatOptions(file: file)
  }

  /// Runs a part of the work; a problem in it is noted, and nil given.
  mutating func attempt<Value>(
    _ body: (inout TraceDatParser) throws(TraceFileProblem) -> Value
  ) -> Value? {
    do throws(TraceFileProblem) { return try body(&self) } catch {
      problems.append(error)
      return nil
    }
  }

  /// The pages of a CPU that lie in the file uncompressed.
  mutating func pages(
    cpu: Int, offset: UInt64, size: UInt64, pageSize: Int, buffer: String
  ) -> CPUPages {
    let end = UInt64(store.count)
    let available = offset < end ? min(size, end - offset) : 0
    let whole = available / UInt64(pageSize) * UInt64(pageSize)
    if whole < size {
      problems.append(
        TraceFileProblem(
          offset: min(offset, end),
          "CPU \(cpu)\(Self.of(buffer)): \(size - whole) of \(size) bytes of pages are missing"))
    }
    let start = whole > 0 ? Int(offset) : 0
    return CPUPages(cpu: cpu, store: store, range: start..<start + Int(whole))
  }

  /// ` of buffer NAME`, empty for the top buffer.
  static func of(_ buffer: String) -> String { buffer.isEmpty ? "" : " of buffer \(buffer)" }

  /// A raw trace with the file's metadata.
  func trace(pageSize: Int, clock: String, cpus: [CPUPages]) -> RawTrace {
    var trace = RawTrace(
      byteOrder: head.order, longSize: metadata.commitSize ?? head.longSize, pageSize: pageSize,
      headerPage: metadata.headerPage, headerEvent: metadata.headerEvent,
      formats: metadata.formats, comms: metadata.comms,
      printkFormats: metadata.printkFormats, clock: clock, cpus: cpus)
    trace.symbolText = metadata.symbols
    return trace
  }

  /// The file's value, once all was read.
  func finish() -> TraceDatFile {
    var file = options.file
    // The same problem can be met twice where two options point to the same place.
    var seen: Set<TraceFileProblem> = []
    file.problems = problems.filter { seen.insert($0).inserted }
    if file.hasTimeShift {
      file.problems.append(
        TraceFileProblem(
          offset: nil, "the time shift of the guest to the clock of the host is not applied"))
    }
    file.latencyText = latencyText
    file.buffers =
      buffers.filter { $0.name.isEmpty } + buffers.filter { !$0.name.isEmpty }
    return file
  }
}

// Version 6: everything in a fixed order.
extension TraceDatParser {
  mutating func readSequence(_ input: ByteReader) {
    var input = input
    attempt { (parser) throws(TraceFileProblem) in
      try parser.metadata.readHeaders(&input)
      try parser.metadata.readFtraceFormats(&input)
      try parser.metadata.readEventFormats(&input)
      try parser.metadata.readSymbols(&input)
      try parser.metadata.readPrintkFormats(&input)
      try parser.metadata.readComms(&input)
      let count = try input.number(4, "the number of CPUs")
      guard try parser.readKind(&input) else { return }
      let cpus = parser.options.file.cpuCount.map(UInt64.init(clamping:)) ?? count
      let table = try parser.readTable(&input, cpus: cpus)
      if parser.options.hasClock,
        let size = parser.attempt({ _ throws(TraceFileProblem) in
          try input.number(8, "the size of the clock's text")
        }),
        let text = parser.attempt({ _ throws(TraceFileProblem) in
          try input.text(size, "the clock's text")
        })
      {
        // Some writers leave it in the option alone.
        if !text.isEmpty { parser.options.file.clockText = text }
      }
      parser.add(table, name: "")
    }
    for buffer in options.buffers {
      attempt { (parser) throws(TraceFileProblem) in
        guard let start = Int(exactly: buffer.offset), start > 0, start < parser.store.count else {
          throw TraceFileProblem(
            offset: buffer.offset, "buffer \(buffer.name) lies beyond the end of the file")
        }
        var input = ByteReader(
          parser.store, range: start..<parser.store.count, order: parser.head.order)
        guard try parser.readKind(&input) else { return }
        let cpus = parser.options.file.cpuCount ?? parser.buffers.first?.trace.cpus.count ?? 0
        parser.add(
          try parser.readTable(&input, cpus: UInt64(clamping: cpus)), name: buffer.name)
      }
    }
  }

  /// Reads options and what kind of data follows; true for pages, false for a tracer's text.
  private mutating func readKind(_ input: inout ByteReader) throws(TraceFileProblem) -> Bool {
    if input.accept("options  \0") {
      while true {
        let number = try input.number(2, "an option's number")
        if number == 0 { break }
        let size = try input.number(4, "an option's size")
        var data = ByteReader(store, range: try input.take(size, "an option"), order: head.order)
        attempt { (parser) throws(TraceFileProblem) in
          try parser.options.take(UInt16(number), &data)
        }
      }
    }
    if input.accept("flyrecord\0") { return true }
    if input.accept("latency  \0") {
      latencyText = try input.text(UInt64(input.remaining), "the latency text")
      return false
    }
    throw input.problem("expected \"flyrecord\" or \"latency\"")
  }

  private func readTable(
    _ input: inout ByteReader, cpus: UInt64
  ) throws(TraceFileProblem) -> [(UInt64, UInt64)] {
    guard cpus <= UInt64(input.remaining / 16) else {
      throw input.problem("the file ends inside the table of \(cpus) CPUs")
    }
    var table: [(UInt64, UInt64)] = []
    for cpu in 0..<cpus {
      let offset = try input.number(8, "the data offset of CPU \(cpu)")
      table.append((offset, try input.number(8, "the data size of CPU \(cpu)")))
    }
    return table
  }

  private mutating func add(_ table: [(UInt64, UInt64)], name: String) {
    var cpus: [CPUPages] = []
    for (cpu, entry) in table.enumerated() {
      cpus.append(
        pages(cpu: cpu, offset: entry.0, size: entry.1, pageSize: head.pageSize, buffer: name))
    }
    let clock = TraceDatOptions.clock(options.file.clockText)
    buffers.append(
      TraceDatBuffer(
        name: name, trace: trace(pageSize: head.pageSize, clock: clock, cpus: cpus)))
  }
}
