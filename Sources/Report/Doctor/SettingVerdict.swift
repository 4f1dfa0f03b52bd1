/// A setting of the machine, and what it does to a measurement.
public struct SettingVerdict: Codable, Hashable, Sendable {
  /// What it does.
  public enum State: String, Codable, Hashable, Sendable {
    /// It does no harm.
    case good
    /// It is worth knowing; whether it harms depends on the load.
    case note
    /// It adds latency or falsifies the measurement.
    case spoils
    /// The machine does not report it.
    case unknown
  }

  /// Its name.
  public var name: String
  /// Its value in words.
  public var value: String
  /// What it does.
  public var state: State
  /// Why.
  public var why: String
  /// How it is changed, nil where there is nothing to change.
  public var remedy: String?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(name: String, value: String, state: State, why: String, remedy: String? = nil) {
    self.name = name
    self.value = value
    self.state = state
    self.why = why
    self.remedy = remedy
  }
}
