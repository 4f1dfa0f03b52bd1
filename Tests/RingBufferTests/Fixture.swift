import FoundationEssentials
import Glibc
import TraceModel

@testable import RingBuffer

/// Data of the tests: recorded pages and what is needed to decode them.
enum Fixture {
  static let directory =
    #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures"

  static func bytes(_ path: String) throws -> [UInt8] {
    // Files of tracefs and /proc report no size: read to the end.
    guard let file = fopen(path, "r") else { throw Missing(path: path) }
    defer { fclose(file) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 {
      all += piece[..<count]
    }
    return all
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try bytes(path), as: UTF8.self)
  }

  struct Missing: Error { var path: String }

  /// The trace in `Fixtures/live`.
  static func live() throws -> RawTrace {
    let path = directory + "/live"
    return RawTrace(
      headerPage: try text(path + "/header_page"), headerEvent: try text(path + "/header_event"),
      formats: formats(try text(path + "/formats.txt")),
      comms: comms(try text(path + "/saved_cmdlines")), symbols: try text(path + "/kallsyms"),
      clock: "mono",
      cpus: try [0, 1].map { cpu in
        CPUPages(cpu: cpu, store: ByteStore(try bytes(path + "/cpu\(cpu).raw")))
      })
  }

  static func formats(_ text: String) -> [FormatText] {
    var formats: [FormatText] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# ") {
        formats.append(FormatText(system: String(line.dropFirst(2)), text: ""))
      } else if !formats.isEmpty {
        formats[formats.count - 1].text += line + "\n"
      }
    }
    return formats
  }

  static func comms(_ text: String) -> [Int32: String] {
    var comms: [Int32: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let pid = Int32(parts[0]) else { continue }
      comms[pid] = String(parts[1])
    }
    return comms
  }

  static let header64 = """
    \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
    \tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
    \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
    \tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;
    """
  static let header32 = """
    \tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
    \tfield: local_t commit;\toffset:8;\tsize:4;\tsigned:1;
    \tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
    \tfield: char data;\toffset:12;\tsize:4084;\tsigned:0;
    """

  static let commonFields = """
    \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
    \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
    \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
    \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

    """

  /// A format text with the common fields; `fields` are whole `field:` lines without the tab.
  static func format(
    _ system: String, _ name: String, id: Int, _ fields: [String], print: String = "\"\""
  ) -> FormatText {
    FormatText(
      system: system,
      text: "name: \(name)\nID: \(id)\nformat:\n" + commonFields + "\n"
        + fields.map { "\t" + $0 + "\n" }.joined() + "\nprint fmt: \(print)\n")
  }
}
