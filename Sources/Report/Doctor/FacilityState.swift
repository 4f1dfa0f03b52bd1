/// A tracer or another part of the kernel's tracing, and whether it can be used.
public struct FacilityState: Codable, Hashable, Sendable {
  /// Whether it can be used.
  public enum State: String, Codable, Hashable, Sendable {
    /// It was tried, or is there.
    case works
    /// The kernel lists it and refuses it.
    case refused
    /// The kernel does not have it.
    case missing
    /// Somebody runs a tracer that excludes it.
    case inUse = "in-use"
    /// It is listed and was not tried.
    case untried
  }

  /// Its name: a tracer's, a trigger's or the file's in tracefs.
  public var name: String
  /// Whether it can be used.
  public var state: State
  /// Why not; the option or privilege that would change it. Nil where it works.
  public var reason: String?
  /// What it gives.
  public var gives: String

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(name: String, state: State, reason: String? = nil, gives: String) {
    self.name = name
    self.state = state
    self.reason = reason
    self.gives = gives
  }
}
