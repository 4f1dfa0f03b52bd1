import TraceModel

/// A part of a whole in thousandths, cut off, so that it never says more than there is.
struct Share: Encodable, Hashable, Sendable {
  var permille: Int

  /// The share of `part` in `whole`; nil where there is no whole or the part lies outside it.
  init?(of part: Nanoseconds, in whole: Nanoseconds) {
    guard whole > .zero, part >= .zero, part <= whole else { return nil }
    let product = part.count.multipliedFullWidth(by: 1_000)
    permille = Int(whole.count.dividingFullWidth(product).quotient)
  }

  /// `98.4 %`
  var text: String { "\(permille / 10).\(permille % 10) %" }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Double(permille) / 1_000)
  }
}
