/// The words of /proc/cmdline; quoted values keep their blanks, `--` ends the kernel's part.
struct BootOptions {
  private var values: [String: String] = [:]

  init(_ text: String) {
    var word = ""
    var isQuoted = false
    var words: [String] = []
    for character in text {
      if character == "\"" {
        isQuoted.toggle()
      } else if character.isWhitespace, !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    for word in words {
      if word == "--" { break }
      guard let equals = word.firstIndex(of: "=") else {
        values[word] = ""
        continue
      }
      values[String(word[..<equals])] = String(word[word.index(after: equals)...])
    }
  }

  /// The last value of an option, empty for one without a value, nil where it is not given.
  subscript(name: String) -> String? { values[name] }
}
