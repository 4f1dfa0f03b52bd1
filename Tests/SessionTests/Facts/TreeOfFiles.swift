import Foundation
import Session

/// A made-up tree of files under a temporary directory, removed at the end.
final class TreeOfFiles {
  let root: String

  init(_ files: [String: String] = [:]) throws {
    root =
      FileManager.default.temporaryDirectory.path + "/breaktrace-facts-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    for (path, text) in files { try write(path, Data(text.utf8)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func write(_ path: String, _ data: Data) throws {
    let file = URL(filePath: root + path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  var files: SystemFiles { SystemFiles(root: root) }
}
