import TraceModel

/// Numbers as a report prints them; nothing is rounded.
enum Quantity {
  /// Microseconds with three decimals: `1462.000`, `-3.250`.
  static func us(_ time: Nanoseconds) -> String {
    let digits = String(time.count.magnitude % 1_000)
    return (time.count < 0 ? "-" : "") + "\(time.count.magnitude / 1_000)."
      + String(repeating: "0", count: 3 - digits.count) + digits
  }

  /// Seconds with nine decimals: `4242.001462000`.
  static func seconds(_ time: Nanoseconds) -> String {
    let digits = String(time.count.magnitude % 1_000_000_000)
    return (time.count < 0 ? "-" : "") + "\(time.count.magnitude / 1_000_000_000)."
      + String(repeating: "0", count: 9 - digits.count) + digits
  }

  /// `1 event`, `12 events`
  static func count(_ number: some BinaryInteger, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Three digits in brackets as ftrace prints a CPU.
  static func cpu(_ number: Int) -> String {
    let digits = String(number)
    return "[" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "]"
  }

  static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return right ? blanks + text : text + blanks
  }
}
