internal import Glibc
public import RingBuffer
public import SystemPackage
public import TraceModel

/// Writes trace.dat files of version 6, which every trace-cmd and KernelShark opens.
///
/// The file is written from its beginning to its end without seeking; pages go straight from
/// their store to the file. Formats, header texts, byte order, names and symbols are those of the
/// buffers' traces.
public struct TraceDatWriter: Sendable {
  /// The buffers; the one with the empty name is the top buffer.
  public var buffers: [TraceDatBuffer]
  /// What `uname` said on the traced machine.
  public var uname = ""
  /// Name and version of the writing program.
  public var producer = ""
  /// The texts of `per_cpu/cpuN/stats`, each beginning with a line `CPU: N`.
  public var cpuStatistics: [String] = []
  /// A number for the recording session.
  public var traceID: UInt64?
  /// To be added to every stamp by readers.
  public var timeOffset: Nanoseconds = .zero
  /// One line that other programs do not see and `TraceDatFile.facts` gives back.
  public var facts: String?

  /// Makes a writer of `buffers`.
  public init(_ buffers: [TraceDatBuffer]) { self.buffers = buffers }

  /// Makes a writer of one top buffer.
  public init(_ trace: RawTrace) { self.init([TraceDatBuffer(trace: trace)]) }

  /// Writes the file at `path`, which is made or emptied.
  public func write(path: String) throws(TraceFileError) {
    let file = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .system(.create, path, .current) }
    let descriptor = FileDescriptor(rawValue: file)
    do throws(TraceFileError) { try write(to: descriptor, path: path) } catch {
      _ = Glibc.close(file)
      throw error
    }
    guard Glibc.close(file) == 0 else { throw .system(.write, path, .current) }
  }

  /// Writes the file to an open descriptor; `path` is for the errors.
  ///
  /// Throws where a call fails and where the buffers do not fit into one file (two of the same
  /// name, other page sizes or byte orders).
  public func write(to file: FileDescriptor, path: String) throws(TraceFileError) {
    let layout = try TraceDatLayout(self, path: path)
    var output = FileOutput(file, path: path)
    try output.write(layout.head)
    for part in layout.parts {
      try output.write(part.table)
      for pages in part.cpus {
        try output.pad(to: layout.pageSize)
        try output.write(pages.store, pages.range)
      }
      try output.pad(to: layout.pageSize)
    }
  }
}

/// Where everything goes in a version 6 file, computed before the first byte is written.
struct TraceDatLayout {
  /// The pages of one buffer after their table.
  struct Part {
    var table: [UInt8] = []
    var cpus: [CPUPages]
    var name: String
  }

  var head: [UInt8] = []
  var parts: [Part] = []
  let pageSize: Int
  private let cpuCount: Int

  init(_ writer: TraceDatWriter, path: String) throws(TraceFileError) {
    func invalid(_ text: String) -> TraceFileError {
      TraceFileError(.write, path: path, reason: .invalid(text))
    }
    guard let first = writer.buffers.first?.trace else { throw invalid("no buffer given") }
    pageSize = first.pageSize
    guard pageSize > 0, pageSize <= 1 << 26 else {
      throw invalid("invalid page size, \(pageSize) bytes")
    }
    guard Set(writer.buffers.map(\.name)).count == writer.buffers.count else {
      throw invalid("two buffers have the same name")
    }
    let alike = writer.buffers.allSatisfy {
      $0.trace.pageSize == first.pageSize && $0.trace.byteOrder == first.byteOrder
        && $0.trace.longSize == first.longSize
    }
    guard alike else { throw invalid("the buffers differ in page size, byte order or word size") }
    if let facts = writer.facts, facts.utf8.contains(where: { $0 == 0 || $0 == 10 }) {
      throw invalid("the facts are not one line")
    }
    let top = writer.buffers.first { $0.name.isEmpty }
    let named = writer.buffers.filter { !$0.name.isEmpty }
    parts =
      [Part(cpus: top?.trace.cpus ?? [], name: "")]
      + named.map { Part(cpus: $0.trace.cpus, name: $0.name) }
    for index in parts.indices { parts[index].cpus.sort { $0.cpu < $1.cpu } }
    cpuCount = (parts.flatMap { $0.cpus.map(\.cpu) }.max() ?? 0) + 1
    guard cpuCount <= CPUSet.highest + 1, parts.allSatisfy({ ($0.cpus.first?.cpu ?? 0) >= 0 })
    else { throw invalid("CPU number out of range") }
    guard first.symbols.utf8.count <= UInt32.max, first.printkFormats.utf8.count <= UInt32.max
    else { throw invalid("symbol table larger than 4 GB") }

    let metadata = Self.metadata(writer, first)
    // The options' size does not depend on the offsets in them, so the second run fits.
    var options = Self.options(writer, first, parts: parts, offsets: [:], cpus: cpuCount)
    var offset = metadata.count + options.count
    var offsets: [String: Int] = [:]
    for index in parts.indices {
      offsets[parts[index].name] = offset
      offset = place(&parts[index], at: offset, trace: first)
    }
    options = Self.options(writer, first, parts: parts, offsets: offsets, cpus: cpuCount)
    head = metadata + options
  }

  /// Makes the table of a part that begins at `offset`; gives the offset after its pages.
  private func place(_ part: inout Part, at offset: Int, trace: RawTrace) -> Int {
    // After the table of the top-level buffer comes the clock, where there is one.
    let clock = part.name.isEmpty && !trace.clock.isEmpty ? "[\(trace.clock)]" : ""
    let size = 10 + 16 * cpuCount + (clock.isEmpty ? 0 : 8 + clock.utf8.count + 1)
    var next = aligned(offset + size)
    var table = ByteBuilder(order: trace.byteOrder)
    table.text("flyrecord\0")
    var sizes: [Int: Int] = [:]
    for pages in part.cpus { sizes[pages.cpu] = pages.range.count }
    for cpu in 0..<cpuCount {
      let length = aligned(sizes[cpu] ?? 0)
      table.number(UInt64(next), 8)
      table.number(UInt64(length), 8)
      next += length
    }
    if !clock.isEmpty {
      table.number(UInt64(clock.utf8.count + 1), 8)
      table.cString(clock)
    }
    part.table = table.bytes
    return next
  }

  private func aligned(_ offset: Int) -> Int { (offset + pageSize - 1) / pageSize * pageSize }

  private static func metadata(_ writer: TraceDatWriter, _ trace: RawTrace) -> [UInt8] {
    var output = ByteBuilder(order: trace.byteOrder)
    output.text(TraceDatHead.magic)
    output.cString("6")
    output.number(trace.byteOrder == .big ? 1 : 0, 1)
    output.number(UInt64(trace.longSize), 1)
    output.number(UInt64(trace.pageSize), 4)
    output.cString("header_page")
    output.sized(trace.headerPage, 8)
    output.cString("header_event")
    output.sized(trace.headerEvent, 8)
    let own = trace.formats.filter { $0.system == "ftrace" }
    output.number(UInt64(own.count), 4)
    for format in own { output.sized(format.text, 8) }
    var systems: [String] = []
    var bySystem: [String: [String]] = [:]
    for format in trace.formats where format.system != "ftrace" {
      if bySystem[format.system] == nil { systems.append(format.system) }
      bySystem[format.system, default: []].append(format.text)
    }
    output.number(UInt64(systems.count), 4)
    for system in systems {
      let texts = bySystem[system] ?? []
      output.cString(system)
      output.number(UInt64(texts.count), 4)
      for text in texts { output.sized(text, 8) }
    }
    output.sized(trace.symbols, 4)
    output.sized(trace.printkFormats, 4)
    var comms: [Int32: String] = [:]
    for buffer in writer.buffers { comms.merge(buffer.trace.comms) { $1.isEmpty ? $0 : $1 } }
    var names = ""
    for (pid, comm) in comms.sorted(by: { $0.key < $1.key }) where !comm.isEmpty {
      names += "\(pid) \(String(comm.map { $0.isNewline || $0 == "\0" ? "?" : $0 }))\n"
    }
    output.sized(names, 8)
    return output.bytes
  }

  private static func options(
    _ writer: TraceDatWriter, _ trace: RawTrace, parts: [Part], offsets: [String: Int], cpus: Int
  ) -> [UInt8] {
    let order = trace.byteOrder
    func data(_ build: (inout ByteBuilder) -> Void) -> [UInt8] {
      var output = ByteBuilder(order: order)
      build(&output)
      return output.bytes
    }
    var output = ByteBuilder(order: order)
    output.number(UInt64(cpus), 4)
    output.text("options  \0")
    if !trace.clock.isEmpty {
      output.option(.traceClock, data { $0.cString("[\(trace.clock)]") })
    }
    if !writer.uname.isEmpty { output.option(.uname, data { $0.cString(writer.uname) }) }
    if !writer.producer.isEmpty || writer.facts != nil {
      output.option(
        .version,
        data {
          $0.cString(writer.producer)
          if let facts = writer.facts {
            $0.text(TraceDatOptions.factsMark)
            $0.cString(facts)
          }
        })
    }
    if let id = writer.traceID { output.option(.traceID, data { $0.number(id, 8) }) }
    if writer.timeOffset != .zero {
      output.option(.offset, data { $0.cString("\(writer.timeOffset.count)") })
    }
    for text in writer.cpuStatistics where !text.isEmpty {
      output.option(.cpuStatistics, data { $0.cString(text) })
    }
    output.option(.cpuCount, data { $0.number(UInt64(cpus), 4) })
    for part in parts where !part.name.isEmpty {
      output.option(
        .buffer,
        data {
          $0.number(UInt64(offsets[part.name] ?? 0), 8)
          $0.cString(part.name)
        })
    }
    output.number(0, 2)
    return output.bytes
  }
}
