/// Values of kernel constants that format files name without giving them.
enum KernelConstant {
  /// `enum hrtimer_mode` of include/linux/hrtimer.h: the words are bits.
  private static let timerMode: [Substring: UInt64] = [
    "ABS": 0, "REL": 1, "PINNED": 2, "SOFT": 4, "HARD": 8,
  ]

  /// The value of a single name, nil where it is not known.
  static func value(_ tokens: ArraySlice<PrintToken>) -> UInt64? {
    guard tokens.count == 1, case .word(let name)? = tokens.first,
      name.hasPrefix("HRTIMER_MODE_")
    else { return nil }
    var value: UInt64 = 0
    for word in name.dropFirst("HRTIMER_MODE_".count).split(separator: "_") {
      guard let bits = timerMode[word] else { return nil }
      value |= bits
    }
    return value
  }
}
