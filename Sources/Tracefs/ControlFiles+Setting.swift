/// Global settings that are less than a file's value, under the names that journals have for them.
///
/// `FILE` is the value of the file. `FILE#WORD` is one of the switches in a file that lists them
/// all: `WORD` or `NO_WORD`, and that is also what is written. `FILE#` is a file that lists
/// functions, with a comment where it lists none; it is emptied by opening it.
extension ControlFiles {
  /// The setting as it is now.
  func setting(_ name: String) throws(TracefsError) -> String {
    guard let (path, word) = Self.parts(name) else { return try value(name) }
    let text = try value(path)
    guard !word.isEmpty else {
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        .compactMap { $0.split(separator: " ").first }.joined(separator: " ")
    }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let found = words.first(where: { $0 == word || $0 == "NO_" + word }) else {
      throw TracefsError(.read, path: path, hint: "it contains no \(word) in this kernel")
    }
    return String(found)
  }

  /// Changes the setting.
  func set(_ value: String, of name: String) throws(TracefsError) {
    try write(value, to: Self.parts(name)?.path ?? name)
  }

  private static func parts(_ name: String) -> (path: String, word: String)? {
    guard let mark = name.lastIndex(of: "#") else { return nil }
    return (String(name[..<mark]), String(name[name.index(after: mark)...]))
  }
}
