internal import RingBuffer
internal import TraceModel

/// Numbers of the options and sections of trace.dat.
enum TraceDatOption: UInt16 {
  case done = 0
  case date, cpuStatistics, buffer, traceClock, uname, hook, offset, cpuCount, version
  case procMaps, traceID, timeShift, guest, tsc2nsec
  case strings, headerInfo, ftraceEvents, eventFormats, kallsyms, printk, cmdlines, bufferText
}

/// What the options of a file say, before anything is read that they point to.
struct TraceDatOptions {
  /// A buffer as the options describe it.
  struct Buffer {
    var name: String
    var offset: UInt64
    var clock = ""
    var pageSize: UInt64 = 0
    var isText = false
    var cpus: [(cpu: UInt64, offset: UInt64, size: UInt64)] = []
  }

  /// What comes before the facts, after the NUL that ends the version text: readers of the
  /// version stop at the NUL, and a separate option would make trace-cmd warn.
  static let factsMark = "breaktrace.facts\0"

  var file: TraceDatFile
  var buffers: [Buffer] = []
  var sections: [TraceDatOption: UInt64] = [:]
  var hasClock = false

  /// Takes one option; `input` holds its data and nothing else.
  mutating func take(_ number: UInt16, _ input: inout ByteReader) throws(TraceFileProblem) {
    guard let option = TraceDatOption(rawValue: number) else { return }
    switch option {
    case .date:
      // The text is in microseconds.
      let value = Self.integer(try text(&input, "option DATE"))
      file.timeOffset += Nanoseconds(microseconds: value)
    case .offset:
      file.timeOffset += Nanoseconds(Self.integer(try text(&input, "option OFFSET")))
    case .cpuStatistics: file.cpuStatistics.append(try text(&input, "option CPUSTAT"))
    case .buffer, .bufferText: try takeBuffer(&input, isText: option == .bufferText)
    case .traceClock:
      hasClock = true
      file.clockText = try text(&input, "option TRACECLOCK")
    case .uname: file.uname = try text(&input, "option UNAME")
    case .version:
      file.producer = try input.cString("option VERSION")
      if input.accept(Self.factsMark) { file.facts = try text(&input, "the facts") }
    case .cpuCount: file.cpuCount = Int(try input.number(4, "option CPUCOUNT"))
    case .traceID: file.traceID = try input.number(8, "option TRACEID")
    case .timeShift: file.hasTimeShift = true
    case .tsc2nsec:
      let multiplier = try input.number(4, "option TSC2NSEC")
      let shift = try input.number(4, "option TSC2NSEC")
      file.cycles = CycleConversion(
        multiplier: UInt32(truncatingIfNeeded: multiplier),
        shift: UInt32(truncatingIfNeeded: shift), offset: try input.number(8, "option TSC2NSEC"))
    case .headerInfo, .ftraceEvents, .eventFormats, .kallsyms, .printk, .cmdlines:
      sections[option] = try input.number(8, "the offset of a section")
    case .done, .hook, .procMaps, .guest, .strings: break
    }
  }

  private func text(
    _ input: inout ByteReader, _ what: String
  ) throws(TraceFileProblem) -> String {
    try input.text(UInt64(input.remaining), what)
  }

  private mutating func takeBuffer(
    _ input: inout ByteReader, isText: Bool
  ) throws(TraceFileProblem) {
    let offset = try input.number(8, "option BUFFER")
    var buffer = Buffer(name: try input.cString("a buffer's name"), offset: offset)
    buffer.isText = isText
    if file.version >= 7 {
      buffer.clock = try input.cString("a buffer's clock")
      if !isText {
        // Files of the first 3.x versions have no page size here.
        if input.remaining % 20 == 8 { buffer.pageSize = try input.number(4, "a page size") }
        let count = try input.number(4, "a buffer's number of CPUs")
        for _ in 0..<count {
          let cpu = try input.number(4, "a CPU of a buffer")
          let start = try input.number(8, "the data offset of CPU \(cpu)")
          buffer.cpus.append((cpu, start, try input.number(8, "the data size of CPU \(cpu)")))
        }
      }
    }
    buffers.append(buffer)
  }

  /// An integer as strtoll(3) with base 0 reads it, 0 where there is none.
  static func integer(_ text: String) -> Int64 {
    var digits = Substring(text.drop { $0 == " " })
    let negative = digits.first == "-"
    if negative || digits.first == "+" { digits.removeFirst() }
    let value: Int64?
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      value = Int64(digits.dropFirst(2).prefix { $0.isHexDigit }, radix: 16)
    } else {
      value = Int64(digits.prefix { $0.isNumber })
    }
    return negative ? -(value ?? 0) : value ?? 0
  }

  /// The chosen clock of a `trace_clock` text: the one in brackets, or the text itself.
  static func clock(_ text: String) -> String {
    guard let open = text.firstIndex(of: "["),
      let close = text[open...].firstIndex(of: "]")
    else {
      return text.contains(" ") ? "" : String(text.prefix { $0 != "\n" })
    }
    return String(text[text.index(after: open)..<close])
  }
}
