internal import SystemPackage

/// Reads small files of /proc and /sys whole.
enum ProcText {
  /// The text of a file, nil where it cannot be read.
  static func read(_ path: String) -> String? {
    guard let file = try? FileDescriptor.open(path, .readOnly) else { return nil }
    defer { try? file.close() }
    // The size of such files is not known before they are read, and one read gives a page or so.
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard let got = chunk.withUnsafeMutableBytes({ try? file.read(into: $0) }) else { return nil }
      if got == 0 { break }
      bytes.append(contentsOf: chunk[..<got])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
