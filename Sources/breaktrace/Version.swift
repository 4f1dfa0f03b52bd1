/// The program's version.
enum Version {
  /// Major, minor, patch.
  static let text = "0.1.0"
}
