import FoundationEssentials
import RingBuffer

/// What is mutated: the recorded fixture, and more pages from a directory.
struct Seeds {
  var trace: RawTrace
  var pages: [[UInt8]]

  struct Missing: Error { var path: String }

  init(fixture: String, corpus: String?) throws {
    func bytes(_ path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else { throw Missing(path: path) }
      return [UInt8](data)
    }
    func text(_ name: String) throws -> String {
      String(decoding: try bytes(fixture + "/" + name), as: UTF8.self)
    }
    var formats: [FormatText] = []
    for line in try text("formats.txt").split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# ") {
        formats.append(FormatText(system: String(line.dropFirst(2)), text: ""))
      } else if !formats.isEmpty {
        formats[formats.count - 1].text += line + "\n"
      }
    }
    trace = RawTrace(
      headerPage: try text("header_page"), formats: formats, symbols: try text("kallsyms"),
      clock: "mono", cpus: [])
    pages = []
    for name in ["cpu0.raw", "cpu1.raw"] {
      let all = try bytes(fixture + "/" + name)
      for start in stride(from: 0, to: all.count, by: 4096) {
        pages.append(Array(all[start..<min(start + 4096, all.count)]))
      }
    }
    guard let corpus else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: corpus).sorted()
    where name.hasSuffix(".bin") {
      pages.append(try bytes(corpus + "/" + name))
    }
  }
}
