/// The layout of a sub-buffer page's head: `events/header_page`.
struct HeaderPage: Hashable, Sendable {
  /// Offset of the 8 bytes with the page's stamp.
  var timestamp: Int
  /// Offset of the number of bytes that are filled.
  var commit: Int
  /// Its size: 4 or 8.
  var commitSize: Int
  /// Offset of the first event.
  var data: Int
  /// Bytes of a page of the usual size.
  var size: Int

  /// Reads the text; nil where a field is missing or lies outside of the page.
  init?(_ text: String) {
    guard let stamp = Self.field("timestamp", text), let commit = Self.field("commit", text),
      let data = Self.field("data", text), stamp.size == 8, commit.size == 4 || commit.size == 8,
      data.size <= 1 << 26, data.offset <= 4_096, stamp.offset + 8 <= data.offset,
      commit.offset + commit.size <= data.offset
    else { return nil }
    timestamp = stamp.offset
    self.commit = commit.offset
    commitSize = commit.size
    self.data = data.offset
    size = data.offset + data.size
  }

  private static func field(_ name: String, _ text: String) -> (offset: Int, size: Int)? {
    for line in text.split(separator: "\n") where line.contains(" \(name);") {
      if let offset = number("offset:", line), let size = number("size:", line) {
        return (offset, size)
      }
    }
    return nil
  }

  /// A number from 0 to 2^30.
  private static func number(_ key: String, _ line: Substring) -> Int? {
    for part in line.split(whereSeparator: { $0 == ";" || $0 == "\t" || $0 == " " })
    where part.hasPrefix(key) {
      guard let value = Int(part.dropFirst(key.count)), value >= 0, value <= 1 << 30 else {
        return nil
      }
      return value
    }
    return nil
  }
}
