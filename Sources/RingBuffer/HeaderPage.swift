/// The layout of a sub-buffer page's head: the text of `events/header_page`.
public struct HeaderPage: Hashable, Sendable {
  /// Where the page's time stamp is.
  public let timestampOffset: Int
  /// Where the commit word is.
  public let commitOffset: Int
  /// Size of the commit word: 4 or 8.
  public let commitSize: Int
  /// Where the records begin.
  public let dataOffset: Int
  /// Room for records, which the kernel gives for its default sub-buffer size.
  public let dataSize: Int

  /// Reads the file's text; throws where a needed field is missing or cannot be.
  public init(text: String) throws(RingBufferError) {
    var fields: [String: FieldFormat] = [:]
    for line in text.split(separator: "\n") {
      // The kernel writes a blank after `field:` here and none in the events' formats.
      guard let field = FieldFormat(line: line) else { continue }
      fields[field.name] = field
    }
    func field(_ name: String, sizes: [Int]) throws(RingBufferError) -> FieldFormat {
      guard let field = fields[name] else {
        throw RingBufferError(
          operation: .headerPage, position: text.utf8.count, reason: "the field \(name) is missing")
      }
      guard sizes.isEmpty || sizes.contains(field.size), field.offset <= 4096 else {
        throw RingBufferError(
          operation: .headerPage, position: 0,
          reason: "the field \(name) has offset \(field.offset) and size \(field.size)")
      }
      return field
    }
    timestampOffset = try field("timestamp", sizes: [8]).offset
    let commit = try field("commit", sizes: [4, 8])
    commitOffset = commit.offset
    commitSize = commit.size
    let data = try field("data", sizes: [])
    guard data.offset >= max(timestampOffset + 8, commitOffset + commitSize) else {
      throw RingBufferError(
        operation: .headerPage, position: 0,
        reason: "the data begins at \(data.offset), inside the page header")
    }
    dataOffset = data.offset
    dataSize = data.size
  }
}
