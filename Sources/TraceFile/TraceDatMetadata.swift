internal import RingBuffer

/// The parts of a trace.dat file that both versions hold in the same form: the header texts, the
/// formats, the symbols and the names.
struct TraceDatMetadata {
  var headerPage = ""
  var headerEvent = ""
  var formats: [FormatText] = []
  var symbols = StoredText("")
  var printkFormats = ""
  var comms: [Int32: String] = [:]

  mutating func readHeaders(_ input: inout ByteReader) throws(TraceFileProblem) {
    guard input.accept("header_page\0") else {
      throw input.problem("expected \"header_page\"")
    }
    headerPage = try input.text(try input.number(8, "the header_page size"), "header_page")
    guard input.accept("header_event\0") else {
      throw input.problem("expected \"header_event\"")
    }
    headerEvent = try input.text(try input.number(8, "the header_event size"), "header_event")
  }

  mutating func readFtraceFormats(_ input: inout ByteReader) throws(TraceFileProblem) {
    let count = try input.number(4, "the number of ftrace formats")
    try readFormats(&input, system: "ftrace", count: count)
  }

  mutating func readEventFormats(_ input: inout ByteReader) throws(TraceFileProblem) {
    let systems = try input.number(4, "the number of event systems")
    for _ in 0..<systems {
      let system = try input.cString("the name of an event system")
      let count = try input.number(4, "the number of formats of \(system)")
      try readFormats(&input, system: system, count: count)
    }
  }

  private mutating func readFormats(
    _ input: inout ByteReader, system: String, count: UInt64
  ) throws(TraceFileProblem) {
    for _ in 0..<count {
      let size = try input.number(8, "the size of a format of \(system)")
      formats.append(
        FormatText(system: system, stored: try input.storedText(size, "a format of \(system)")))
    }
  }

  mutating func readSymbols(_ input: inout ByteReader) throws(TraceFileProblem) {
    symbols = try input.storedText(try input.number(4, "the size of kallsyms"), "kallsyms")
  }

  mutating func readPrintkFormats(_ input: inout ByteReader) throws(TraceFileProblem) {
    let size = try input.number(4, "the size of printk_formats")
    printkFormats = try input.text(size, "printk_formats")
  }

  mutating func readComms(_ input: inout ByteReader) throws(TraceFileProblem) {
    let size = try input.number(8, "the size of saved_cmdlines")
    takeComms(try input.storedText(size, "saved_cmdlines"))
  }

  /// Takes the lines of saved_cmdlines: a pid and, after one blank, a name that may hold more.
  mutating func takeComms(_ text: StoredText) {
    // Byte by byte: characters take longer than all else that is read of a file, and there may be
    // thousands of lines.
    comms.reserveCapacity(comms.count + text.range.count / 16)
    text.withBytes { bytes in
      var index = 0
      while index < bytes.byteCount {
        let pid = Self.pid(bytes, &index)
        let start = index + 1
        while index < bytes.byteCount, bytes.byte(index) != 10 { index += 1 }
        if let pid { comms[pid] = bytes.string(start..<index) }
        index += 1
      }
    }
  }

  /// The number before a blank; nil where there is none.
  private static func pid(_ bytes: RawSpan, _ index: inout Int) -> Int32? {
    let isNegative = bytes.byte(index) == UInt8(ascii: "-")
    if isNegative { index += 1 }
    let start = index
    var value: Int64 = 0
    while index < bytes.byteCount, (48...57).contains(bytes.byte(index)), value <= Int32.max {
      value = value * 10 + Int64(bytes.byte(index) - 48)
      index += 1
    }
    guard index > start, index < bytes.byteCount, bytes.byte(index) == 32 else { return nil }
    return Int32(exactly: isNegative ? -value : value)
  }

  /// The kernel's long: the size of `commit` in header_page, which need not be that of the
  /// program that wrote the file; nil where the text does not report it.
  var commitSize: Int? {
    for line in headerPage.split(separator: "\n") where line.contains(" commit;") {
      for part in line.split(separator: ";") {
        let word = part.drop { $0 == " " || $0 == "\t" }
        if word.hasPrefix("size:"), let size = Int(word.dropFirst(5)), size == 4 || size == 8 {
          return size
        }
      }
    }
    return nil
  }
}
