/// Whose manners the command line has.
enum Dialect: Hashable, Sendable, CaseIterable {
  /// Plain `breaktrace`: contradictions are refused, clusters are explained.
  case breaktrace
  /// `breaktrace cyclictest`, or the binary called under that name: what cyclictest lets pass with
  /// a warning passes here too, with a note.
  case cyclictest

  /// The command's name as examples and messages print it.
  var command: String {
    switch self {
    case .breaktrace: "breaktrace"
    case .cyclictest: "cyclictest"
    }
  }
}
