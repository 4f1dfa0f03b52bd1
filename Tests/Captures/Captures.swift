import Foundation
public import RingBuffer
import TraceFile

/// The recorded traces of `Fixtures`, for all test targets; `Fixtures/README.md` says where each is
/// from.
///
/// Names are paths below `Fixtures`, without the `.zst` of the packed ones.
public enum Captures {
  /// The directory of the fixtures.
  public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// The path of a file that is not packed.
  public static func path(_ name: String) -> String { root + "/" + name }

  /// A file's bytes, unpacked where only `NAME.zst` is there.
  public static func bytes(_ name: String) throws -> [UInt8] {
    if let data = FileManager.default.contents(atPath: path(name)) { return [UInt8](data) }
    let packed = path(name) + ".zst"
    guard let store = try PackedFile.open(packed) else {
      throw CocoaError(.fileReadNoSuchFile, userInfo: [NSFilePathErrorKey: packed])
    }
    return store.withBytes { span in span.withUnsafeBytes { [UInt8]($0) } }
  }

  /// A file's text; what is not UTF-8 is replaced.
  public static func text(_ name: String) throws -> String {
    String(decoding: try bytes(name), as: UTF8.self)
  }

  /// The top buffer of a trace.dat.
  public static func trace(_ name: String) throws -> RawTrace {
    let file = try TraceDatReader.read(ByteStore(try bytes(name)), path: name)
    guard let buffer = file.mainBuffer else { throw CocoaError(.fileReadCorruptFile) }
    return buffer.trace
  }

  /// All event formats of a kernel: `FOLDER/formats.txt`.
  public static func formats(_ folder: String) throws -> [FormatText] {
    // A line `# SYSTEM` is above each.
    try text(folder + "/formats.txt").components(separatedBy: "\n# ").map { part in
      let lines = part.split(separator: "\n", maxSplits: 1)
      guard lines.count == 2 else { throw CocoaError(.fileReadCorruptFile) }
      let system = lines[0].hasPrefix("# ") ? lines[0].dropFirst(2) : lines[0]
      return FormatText(system: String(system), text: lines[1] + "\n")
    }
  }

  /// The files below a folder, sorted.
  public static func files(_ folder: String) -> [String] {
    let files = FileManager.default.enumerator(atPath: path(folder))?.allObjects ?? []
    let names = files.compactMap { $0 as? String }.filter {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: path(folder) + "/" + $0, isDirectory: &isFolder)
      return !isFolder.boolValue
    }.map { folder + "/" + ($0.hasSuffix(".zst") ? String($0.dropLast(4)) : $0) }
    precondition(!names.isEmpty, "no fixtures in \(folder)")
    return names.sorted()
  }

  /// The captures whose names end in one of `endings`.
  public static func all(_ endings: [String]) -> [String] {
    let names = files("captures").filter { name in endings.contains { name.hasSuffix($0) } }
    precondition(!names.isEmpty, "no captures \(endings)")
    return names
  }

  /// Writes the files of a folder below `target`, unpacked.
  public static func unpack(_ folder: String, into target: String) throws {
    for name in files(folder) {
      let file = URL(fileURLWithPath: target + name.dropFirst(folder.count))
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(try bytes(name)).write(to: file)
    }
  }
}
