import Glibc

/// The files of /proc, /sys, /dev and /boot under a root that tests can replace.
///
/// A file that is missing, forbidden or unreadable is nil: what is not available is not reported.
public struct SystemFiles: Sendable {
  /// The directory that stands for `/`; empty for the real one.
  public var root: String

  /// Makes the access to a tree.
  public init(root: String = "") {
    self.root = root
  }

  /// Bytes of a file, at most `limit`; never waits (`O_NONBLOCK`).
  ///
  /// A read error after the first bytes ends the content there; EPIPE (/dev/kmsg overran) is read
  /// over.
  public func bytes(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(root + path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    var failures = 0
    while content.count < limit {
      let count = read(descriptor, &chunk, min(chunk.count, limit - content.count))
      if count > 0 {
        content.append(contentsOf: chunk[..<count])
      } else if count < 0, errno == EINTR || errno == EPIPE, failures < 100 {
        failures += 1
      } else if count < 0, content.isEmpty, errno != EAGAIN {
        return nil
      } else {
        break
      }
    }
    return content
  }

  /// `count` bytes at an offset (pread(2)), nil if fewer are available.
  public func bytes(_ path: String, at offset: Int64, count: Int) -> [UInt8]? {
    let descriptor = open(root + path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content = [UInt8](repeating: 0, count: count)
    return pread(descriptor, &content, count, off_t(offset)) == count ? content : nil
  }

  /// A file as text, bytes that are not UTF-8 replaced.
  public func text(_ path: String, limit: Int = 1 << 20) -> String? {
    bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A file of one line: its text without blanks at either end.
  public func line(_ path: String) -> String? {
    text(path, limit: 65_536).map { Self.trim($0[...]) }
  }

  /// A file that holds one decimal number.
  public func number<T: FixedWidthInteger>(_ path: String, as type: T.Type = T.self) -> T? {
    line(path).flatMap { T($0) }
  }

  /// Names in a directory without `.` and `..`, sorted; empty where it cannot be read.
  public func names(_ path: String) -> [String] {
    guard let directory = opendir(root + path) else { return [] }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { found.append(name) }
    }
    return found.sorted()
  }

  /// Whether a path is there.
  public func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

  static func trim(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace || $0 == "\0" }
    while let last = text.last, last.isWhitespace || last == "\0" { text.removeLast() }
    return String(text)
  }

  /// Fields between blanks.
  static func fields(_ text: some StringProtocol) -> [Substring] {
    Substring(text).split { $0 == " " || $0 == "\t" || $0 == "\n" }
  }

  /// Lines without their ends.
  static func lines(_ text: String) -> [Substring] {
    text.split(omittingEmptySubsequences: true) { $0.isNewline }
  }
}
