import CZlib
import RingBuffer

@testable import TraceFile

/// Small trace.dat files put together by hand, as an oracle that shares no code with the writer.
struct SyntheticDat {
  var order: ByteOrder = .little
  var longSize = 8
  var pageSize = 64
  var compression = "none"
  var hasPageSizeInOption = true
  /// CPU number and pages of the top buffer.
  var cpus: [(cpu: Int, data: [UInt8])] = [
    (0, (0..<128).map { UInt8($0) }), (3, (0..<64).map { UInt8(255 - $0) }),
  ]

  static let headerPage = """
    \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
    \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
    \tfield: char data;\toffset:16;\tsize:48;\tsigned:1;

    """

  static func trace(
    order: ByteOrder = .little, longSize: Int = 8, clock: String = "mono"
  ) -> RawTrace {
    let dat = SyntheticDat()
    return RawTrace(
      byteOrder: order, longSize: longSize, pageSize: dat.pageSize,
      headerPage: longSize == 8
        ? headerPage : headerPage.replacing("offset:8;\tsize:8", with: "offset:8;\tsize:4"),
      headerEvent: "# compressed entry header\n",
      formats: [
        FormatText(system: "ftrace", text: "name: print\nID: 5\nformat:\n"),
        FormatText(system: "sched", text: "name: sched_switch\nID: 314\nformat:\n"),
        FormatText(system: "irq", text: "name: irq_handler_entry\nID: 20\nformat:\n"),
        FormatText(system: "sched", text: "name: sched_waking\nID: 319\nformat:\n"),
      ], comms: [1: "init", 77: "a b:c-d", -5: "odd"],
      symbols: "ffffffff81000000 T _text\n", printkFormats: "0xffffffff82000000 : \"x\\n\"\n",
      clock: clock,
      cpus: dat.cpus.map { CPUPages(cpu: $0.cpu, store: ByteStore($0.data)) })
  }

  private func number(_ value: Int, _ size: Int) -> [UInt8] {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return order == .little ? bytes : bytes.reversed()
  }

  private func string(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

  private func sized(_ text: String, _ size: Int) -> [UInt8] {
    number(text.utf8.count, size) + Array(text.utf8)
  }

  private func compressed(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    let status = compress2(&output, &size, bytes, uLong(bytes.count), 9)
    precondition(status == Z_OK)
    return Array(output[..<Int(size)])
  }

  private func section(_ id: Int, _ bytes: [UInt8], canCompress: Bool = true) -> [UInt8] {
    let isCompressed = compression == "zlib" && canCompress
    var data = bytes
    if isCompressed {
      let small = compressed(bytes)
      data = number(small.count, 4) + number(bytes.count, 4) + small
    }
    return number(id, 2) + number(isCompressed ? 1 : 0, 2) + number(0, 4) + number(data.count, 8)
      + data
  }

  private func option(_ id: Int, _ bytes: [UInt8]) -> [UInt8] {
    number(id, 2) + number(bytes.count, 4) + bytes
  }

  /// A version 7 file: metadata, pages, two sections of options.
  func version7() -> [UInt8] {
    var file: [UInt8] = [0x17, 0x08, 0x44] + Array("tracing".utf8) + string("7")
    file += [order == .little ? 0 : 1, UInt8(longSize)] + number(pageSize, 4)
    file += string(compression) + string("1.0")
    let pointer = file.count
    file += number(0, 8)
    var first: [UInt8] = []
    func add(_ id: Int, _ bytes: [UInt8]) {
      first += option(id, number(file.count, 8))
      file += section(id, bytes)
    }
    add(
      16,
      string("header_page") + sized(Self.headerPage, 8) + string("header_event")
        + sized("# entry\n", 8))
    add(17, number(1, 4) + sized("name: print\nID: 5\nformat:\n", 8))
    add(
      18,
      number(1, 4) + string("sched") + number(1, 4)
        + sized("name: sched_switch\nID: 314\nformat:\n", 8))
    add(19, sized("ffffffff81000000 T _text\n", 4))
    add(20, sized("", 4))
    add(21, sized("1 init\n77 a b:c-d\n", 8))
    let start = file.count
    var data: [UInt8] = []
    var table: [UInt8] = []
    // The header of a section of pages is followed by padding up to a page.
    let base = (start + 16 + pageSize - 1) / pageSize * pageSize
    for (cpu, pages) in cpus {
      var bytes = pages
      if compression == "zlib" {
        let half = pages.count / 2 / pageSize * pageSize
        let chunks = [Array(pages[..<half]), Array(pages[half...])].filter { !$0.isEmpty }
        bytes = number(chunks.count, 4)
        for chunk in chunks {
          let small = compressed(chunk)
          bytes += number(small.count, 4) + number(chunk.count, 4) + small
        }
      }
      table += number(cpu, 4) + number(base + data.count, 8) + number(bytes.count, 8)
      data += bytes
    }
    file += number(3, 2) + number(compression == "zlib" ? 1 : 0, 2) + number(0, 4)
    file += number(base - start - 16 + data.count, 8)
    file += [UInt8](repeating: 0, count: base - file.count) + data
    first += option(5, string("Linux test")) + option(9, string("2.0 hand"))
    first += option(11, number(0x1234_5678, 8)) + option(2, string("CPU: 0\nentries: 1\n"))
    first += option(4, string("local global [mono]")) + option(8, number(4, 4))
    first += option(7, string("1000")) + option(99, [1, 2, 3])
    let optionsAt = file.count
    file.replaceSubrange(pointer..<pointer + 8, with: number(optionsAt, 8))
    let second = optionsAt + 16 + first.count + 14
    file += section(0, first + option(0, number(second, 8)), canCompress: false)
    let buffer =
      number(start, 8) + string("") + string("mono")
      + (hasPageSizeInOption ? number(pageSize, 4) : []) + number(cpus.count, 4) + table
    file += section(0, option(3, buffer) + option(0, number(0, 8)), canCompress: false)
    return file
  }
}
