/// Something in a trace file that could not be read although the rest could.
public struct TraceFileProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Byte offset in the file, or line number in a text file; nil where it has no place.
  public var offset: UInt64?
  /// What is missing or damaged.
  public var text: String

  /// Memberwise.
  public init(offset: UInt64?, _ text: String) {
    self.offset = offset
    self.text = text
  }

  /// The text with its place in front.
  public var description: String { offset.map { "at \($0): \(text)" } ?? text }
}
