/// A token of a print format's C text.
enum PrintToken: Hashable {
  case word(String)
  case number(UInt64)
  case text(String)
  case sign(String)

  /// Splits C text into tokens; what cannot be one is left out.
  static func tokens(_ source: String) -> [PrintToken] {
    let bytes = Array(source.utf8)
    var tokens: [PrintToken] = []
    var index = 0
    func isWord(_ byte: UInt8) -> Bool {
      byte == 95 || (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 34 || byte == 39 {
        let (text, end) = quoted(bytes, index)
        index = end
        // Adjacent string literals are one.
        if byte == 34, case .text(let before)? = tokens.last {
          tokens[tokens.count - 1] = .text(before + text)
        } else if byte == 34 {
          tokens.append(.text(text))
        } else {
          tokens.append(.number(UInt64(text.utf8.first ?? 0)))
        }
      } else if isWord(byte) {
        var end = index
        while end < bytes.count, isWord(bytes[end]) { end += 1 }
        let word = String(decoding: bytes[index..<end], as: UTF8.self)
        tokens.append(number(word).map { .number($0) } ?? .word(word))
        index = end
      } else if byte == 32 || (byte >= 9 && byte <= 13) {
        index += 1
      } else {
        let pair = index + 1 < bytes.count ? [byte, bytes[index + 1]] : [byte]
        let both = String(decoding: pair, as: UTF8.self)
        if pair.count == 2, ["->", "<<", ">>", "==", "!=", "&&", "||", "<=", ">="].contains(both) {
          tokens.append(.sign(both))
          index += 2
        } else {
          tokens.append(.sign(String(UnicodeScalar(byte))))
          index += 1
        }
      }
    }
    return tokens
  }

  private static func quoted(_ bytes: [UInt8], _ start: Int) -> (String, Int) {
    let quote = bytes[start]
    var text: [UInt8] = []
    var index = start + 1
    while index < bytes.count, bytes[index] != quote {
      if bytes[index] == 92, index + 1 < bytes.count {
        index += 1
        switch bytes[index] {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        default: text.append(bytes[index])
        }
      } else {
        text.append(bytes[index])
      }
      index += 1
    }
    return (String(decoding: text, as: UTF8.self), min(index + 1, bytes.count))
  }

  private static func number(_ word: String) -> UInt64? {
    var digits = Substring(word)
    guard let first = digits.first, first.isASCII, first.isNumber else { return nil }
    while let last = digits.last, "uUlL".contains(last) { digits.removeLast() }
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      return UInt64(digits.dropFirst(2), radix: 16)
    }
    if digits.count > 1, digits.first == "0" { return UInt64(digits, radix: 8) }
    return UInt64(digits)
  }
}
