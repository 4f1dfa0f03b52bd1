/// Names of functions, handlers and vectors by small numbers, shared by the reader of events and
/// their replay.
///
/// Not for use from several threads at once.
public final class LabelTable {
  private var texts: [String] = [""]
  private var numbers: [String: Int32] = ["": 0]
  /// A damaged trace must not fill the memory with names.
  private static let limit = 65_536

  /// Makes a table with the empty name as number 0.
  public init() {}

  /// The number of a name; names beyond 65536 share the last number.
  public func number(_ text: String) -> Int32 {
    if let known = numbers[text] { return known }
    guard texts.count < Self.limit else { return Int32(Self.limit - 1) }
    let number = Int32(texts.count)
    texts.append(text)
    numbers[text] = number
    return number
  }

  /// The name of a number, empty for one that was never given.
  public func text(_ number: Int32) -> String {
    texts.indices.contains(Int(number)) ? texts[Int(number)] : ""
  }
}
