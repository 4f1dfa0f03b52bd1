/// The program's version.
enum Version {
  /// Major, minor, patch.
  static let text = "0.1.0"
  /// The cyclictest whose manners and files are kept.
  static let cyclictest = "2.40"
}
