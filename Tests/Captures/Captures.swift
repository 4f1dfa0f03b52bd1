import Foundation

/// Traces of known causes that are no part of the project, beside a clone of it.
public enum Captures {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared").path

  /// Whether they can be read.
  public static let areThere = FileManager.default.fileExists(
    atPath: root + "/captures/MANIFEST.md")

  /// A file's bytes; `NAME.xz` is taken where there is no `NAME`.
  public static func bytes(_ name: String) throws -> [UInt8] {
    let path = root + "/" + name
    if let data = FileManager.default.contents(atPath: path) { return [UInt8](data) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["xz", "-dc", path + ".xz"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
    return [UInt8](data)
  }

  /// All captures, the names without `.xz`.
  public static func all(_ endings: [String]) -> [String] {
    let files = FileManager.default.enumerator(atPath: root + "/captures")?.allObjects ?? []
    return files.compactMap { $0 as? String }.map {
      $0.hasSuffix(".xz") ? String($0.dropLast(3)) : $0
    }.filter { name in endings.contains { name.hasSuffix($0) } }.map { "captures/" + $0 }.sorted()
  }
}
