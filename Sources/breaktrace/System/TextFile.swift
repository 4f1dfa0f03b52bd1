import Glibc
import SystemPackage

/// Whole text files.
enum TextFile {
  /// Writes the file, making or replacing it.
  static func write(_ text: String, to path: String) throws(UsageError) {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(text.utf8) }
    } catch {
      throw UsageError("cannot write \(path)", "\(error)")
    }
  }

  /// Refuses a path that cannot be written, before hours are spent on its content.
  static func check(_ path: String) throws(UsageError) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let parent = parts.count > 1 ? parts.dropLast().joined(separator: "/") + "/" : "."
    let exists = access(path, F_OK) == 0
    let isWritable = exists ? access(path, W_OK) == 0 : access(parent, W_OK | X_OK) == 0
    if !isWritable { throw UsageError("cannot write \(path)", "\(Errno(rawValue: errno))") }
    var state = stat()
    if exists, stat(path, &state) == 0, state.st_mode & S_IFMT == S_IFDIR {
      throw UsageError("cannot write \(path)", "\(Errno.isDirectory)")
    }
  }

  /// Reads a file of at most `limit` bytes.
  static func read(_ path: String, limit: Int = 256 << 20) throws(UsageError) -> String {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly)
      return try file.closeAfter {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
          let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
          if count == 0 { break }
          bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
      }
    } catch {
      throw UsageError("cannot read \(path)", "\(error)")
    }
  }
}
