internal import Glibc
internal import SystemPackage

/// Who has files below a directory open.
enum OpenFileHolders {
  /// `comm (pid)` of each process with an open file below `directory`, by pid.
  static func below(_ directory: String, files: ControlFiles) -> [String] {
    guard let entries = try? files.list(files.proc) else { return [] }
    let prefix = directory + "/"
    var found: [String] = []
    for pid in entries.compactMap({ Int32($0) }).sorted() {
      let links = (try? files.list("\(files.proc)/\(pid)/fd")) ?? []
      let holds = links.contains { link in
        target("\(files.proc)/\(pid)/fd/\(link)")?.hasPrefix(prefix) == true
      }
      guard holds else { continue }
      let comm = (try? files.value("\(files.proc)/\(pid)/comm")) ?? "?"
      found.append("\(comm) (\(pid))")
    }
    return found
  }

  private static func target(_ link: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { readlink(link, $0, text.count) } ?? -1
      }
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
