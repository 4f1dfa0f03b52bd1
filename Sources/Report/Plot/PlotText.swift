/// Numbers and texts of plots.
enum PlotText {
  /// A value with at most two decimals, without zeros at its end.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value < 0 ? "-inf" : "inf" }
    let scaled = Int64((value * 100).rounded())
    let (whole, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: 100)
    var text = scaled < 0 ? "-\(whole)" : "\(whole)"
    if rest > 0 {
      text += rest < 10 ? ".0\(rest)" : rest % 10 == 0 ? ".\(rest / 10)" : ".\(rest)"
    }
    return text
  }

  /// A count for an axis: `100`, `10 k`, `1 M`.
  static func count(_ value: Double) -> String {
    switch value {
    case 1e12...: number(value / 1e12) + " T"
    case 1e9...: number(value / 1e9) + " G"
    case 1e6...: number(value / 1e6) + " M"
    case 1e4...: number(value / 1e3) + " k"
    default: number(value)
    }
  }

  /// A count in full with blanks between thousands.
  static func grouped(_ value: UInt64) -> String {
    let digits = Array(String(value))
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { text += " " }
      text.append(digit)
    }
    return text
  }

  /// A text as XML needs it.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case let other where other.value < 32: result += " "
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  /// What the legend says of a series.
  static func legend(_ series: PlotSeries) -> String {
    var parts: [String] = []
    if let minimum = series.minimum { parts.append("min \(minimum)") }
    if let average = series.average { parts.append("avg \(number(average.rounded()))") }
    if let maximum = series.maximum { parts.append("max \(maximum) us") }
    return parts.joined(separator: ", ")
  }

  /// The text cut to a width, with dots where something is missing.
  static func cut(_ text: String, to width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 2))) + ".."
  }
}
