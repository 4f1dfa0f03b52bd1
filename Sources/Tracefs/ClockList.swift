/// The text of `trace_clock`: all clocks, the current one in brackets.
struct ClockList: Hashable, Sendable {
  /// All clocks in the kernel's order.
  var names: [String]
  /// The one in force, empty where the text does not show it.
  var current: String

  init(_ text: String) {
    let words = text.split(whereSeparator: \.isWhitespace)
    names = words.map { $0.hasPrefix("[") ? String($0.dropFirst().dropLast()) : String($0) }
    let marked = words.first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
    current = marked ?? (names.count == 1 ? names[0] : "")
  }
}
