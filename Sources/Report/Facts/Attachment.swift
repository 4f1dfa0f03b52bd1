/// A file of the bundle that a report names.
public struct Attachment: Codable, Hashable, Sendable {
  /// Its name in the bundle.
  public var name: String
  /// What it is, a few words.
  public var text: String
  /// Its size, nil where it is not known yet.
  public var bytes: UInt64?
  /// SHA-256 in hexadecimal, nil where it is not known yet.
  public var sha256: String?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(name: String, text: String, bytes: UInt64? = nil, sha256: String? = nil) {
    self.name = name
    self.text = text
    self.bytes = bytes
    self.sha256 = sha256
  }
}
