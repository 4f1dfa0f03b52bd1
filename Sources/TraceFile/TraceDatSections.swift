internal import RingBuffer
internal import TraceModel

// Version 7: sections that the options point to.
extension TraceDatParser {
  /// A section's header.
  private struct SectionHeader {
    var isCompressed: Bool
    /// Where the section's bytes begin, and how many there are in the file.
    var start: Int
    var size: UInt64
    /// Where the header is.
    var offset: UInt64
  }

  mutating func readSections() {
    if decompressor == nil {
      problems.append(
        TraceFileProblem(
          offset: nil, "unknown compression \"\(head.compression)\", expected zstd or zlib"))
    }
    readOptions()
    let parts: [(TraceDatOption, String)] = [
      (.headerInfo, "header"), (.ftraceEvents, "ftrace formats"),
      (.eventFormats, "event formats"), (.kallsyms, "kallsyms"), (.printk, "printk formats"),
      (.cmdlines, "task names"),
    ]
    for (option, name) in parts {
      guard let offset = options.sections[option] else {
        if option != .kallsyms, option != .printk, option != .cmdlines {
          problems.append(TraceFileProblem(offset: nil, "the file has no section of \(name)"))
        }
        continue
      }
      attempt { (parser) throws(TraceFileProblem) in
        var input = try parser.section(option, at: offset)
        switch option {
        case .headerInfo: try parser.metadata.readHeaders(&input)
        case .ftraceEvents: try parser.metadata.readFtraceFormats(&input)
        case .eventFormats: try parser.metadata.readEventFormats(&input)
        case .kallsyms: try parser.metadata.readSymbols(&input)
        case .printk: try parser.metadata.readPrintkFormats(&input)
        default: try parser.metadata.readComms(&input)
        }
      }
    }
    for buffer in options.buffers {
      attempt { (parser) throws(TraceFileProblem) in try parser.readBuffer(buffer) }
    }
  }

  private mutating func readOptions() {
    var next = head.optionsOffset
    var seen: Set<UInt64> = []
    while next != 0 {
      guard seen.insert(next).inserted else {
        problems.append(TraceFileProblem(offset: next, "the options point back to themselves"))
        return
      }
      let place = next
      next = 0
      attempt { (parser) throws(TraceFileProblem) in
        var input = try parser.section(.done, at: place)
        while true {
          let number = try input.number(2, "an option's number")
          let size = try input.number(4, "an option's size")
          let range = try input.take(size, "an option")
          var data = ByteReader(
            input.store, range: range, order: parser.head.order, section: input.section)
          if number == 0 {
            next = try data.number(8, "the offset of more options")
            return
          }
          parser.attempt { (parser) throws(TraceFileProblem) in
            try parser.options.take(UInt16(number), &data)
          }
        }
      }
    }
  }

  private func header(
    _ wanted: TraceDatOption, at offset: UInt64
  ) throws(TraceFileProblem) -> SectionHeader {
    guard let start = Int(exactly: offset), start > 0, start < store.count else {
      throw TraceFileProblem(
        offset: offset, "section \(wanted) lies beyond the end of the file (\(store.count) bytes)")
    }
    var input = ByteReader(store, range: start..<store.count, order: head.order)
    let number = try input.number(2, "a section's number")
    guard number == wanted.rawValue else {
      throw TraceFileProblem(offset: offset, "found section \(number), expected \(wanted)")
    }
    let flags = try input.number(2, "a section's flags")
    _ = try input.number(4, "a section's description")
    let size = try input.number(8, "a section's size")
    return SectionHeader(
      isCompressed: flags & 1 != 0, start: input.offset, size: size, offset: offset)
  }

  /// A reader of a section's uncompressed bytes.
  private func section(
    _ option: TraceDatOption, at offset: UInt64
  ) throws(TraceFileProblem) -> ByteReader {
    let header = try header(option, at: offset)
    let available = UInt64(store.count - header.start)
    guard header.isCompressed else {
      // A cut section is read as far as it goes.
      let end = header.start + Int(min(header.size, available))
      return ByteReader(store, range: header.start..<end, order: head.order)
    }
    var input = ByteReader(store, range: header.start..<store.count, order: head.order)
    let piece = try piece(&input, "section \(option)")
    guard let decompressor, decompressor != .none else {
      throw TraceFileProblem(
        offset: offset, "section \(option) uses the unknown compression \"\(head.compression)\"")
    }
    let bytes = try decompressor.expand([piece], of: store)
    return ByteReader(bytes, order: head.order, section: offset)
  }

  private func piece(
    _ input: inout ByteReader, _ what: String
  ) throws(TraceFileProblem) -> Decompressor.Piece {
    let compressed = try input.number(4, "the compressed size of \(what)")
    let size = try input.number(4, "the uncompressed size of \(what)")
    return Decompressor.Piece(range: try input.take(compressed, what), size: Int(size))
  }

  private mutating func readBuffer(
    _ buffer: TraceDatOptions.Buffer
  ) throws(TraceFileProblem) {
    let header = try header(buffer.isText ? .bufferText : .buffer, at: buffer.offset)
    if buffer.isText {
      var input = try section(.bufferText, at: buffer.offset)
      latencyText = try input.text(UInt64(input.remaining), "the latency text")
      return
    }
    let pageSize =
      buffer.pageSize == 0
      ? head.pageSize : try TraceDatHead.pageSize(buffer.pageSize, buffer.offset)
    var cpus: [CPUPages] = []
    for entry in buffer.cpus {
      guard let cpu = Int(exactly: entry.cpu), cpu <= CPUSet.highest else {
        problems.append(TraceFileProblem(offset: entry.offset, "invalid CPU number \(entry.cpu)"))
        continue
      }
      if header.isCompressed, entry.size > 0 {
        cpus.append(expand(cpu, at: entry.offset, pageSize: pageSize, buffer: buffer.name))
      } else {
        cpus.append(
          pages(
            cpu: cpu, offset: entry.offset, size: entry.size, pageSize: pageSize,
            buffer: buffer.name))
      }
    }
    let clock =
      buffer.clock.isEmpty ? TraceDatOptions.clock(options.file.clockText) : buffer.clock
    buffers.append(
      TraceDatBuffer(
        name: buffer.name,
        trace: trace(pageSize: pageSize, clock: TraceDatOptions.clock(clock), cpus: cpus)))
  }

  /// A CPU's compressed chunks; those before a damaged or missing one are kept.
  ///
  /// Many of them are uncompressed when they are read, and their damage is found then
  /// (`ByteStore.damage`).
  private mutating func expand(
    _ cpu: Int, at offset: UInt64, pageSize: Int, buffer: String
  ) -> CPUPages {
    let empty = CPUPages(cpu: cpu, store: ByteStore([]))
    guard let decompressor, decompressor != .none else {
      problems.append(
        TraceFileProblem(
          offset: offset, "CPU \(cpu): unknown compression \"\(head.compression)\""))
      return empty
    }
    guard let start = Int(exactly: offset), start < store.count else {
      problems.append(
        TraceFileProblem(
          offset: offset, "CPU \(cpu)\(Self.of(buffer)): the data lies beyond the end of the file"))
      return empty
    }
    var input = ByteReader(store, range: start..<store.count, order: head.order)
    var pieces: [Decompressor.Piece] = []
    attempt { (parser) throws(TraceFileProblem) in
      let what = "a chunk of CPU \(cpu)\(Self.of(buffer))"
      let count = try input.number(4, "the number of chunks of CPU \(cpu)")
      for _ in 0..<count { pieces.append(try parser.piece(&input, what)) }
    }
    let expanded = attempt { (parser) throws(TraceFileProblem) in
      guard try decompressor.size(of: pieces) > parser.mostAtOnce,
        pieces.allSatisfy({ $0.size <= ChunkedBytes.largest })
      else {
        return try decompressor.expandPrefix(pieces, of: parser.store)
      }
      let store = try decompressor.expandLater(pieces, of: parser.store)
      return (store, store.count, nil)
    }
    guard let expanded else { return empty }
    if let problem = expanded.problem { problems.append(problem) }
    let whole = expanded.count / pageSize * pageSize
    if whole < expanded.count {
      problems.append(
        TraceFileProblem(
          offset: offset,
          "CPU \(cpu)\(Self.of(buffer)): \(expanded.count - whole) bytes are not a complete page"))
    }
    return CPUPages(cpu: cpu, store: expanded.store, range: 0..<whole)
  }
}
