/// What the kernel's tracing offers this process.
public struct TracingVerdict: Codable, Hashable, Sendable {
  /// Where tracefs is, nil where it is not mounted.
  public var tracefs: String?
  /// Why tracefs cannot be used, nil where it can.
  public var obstacle: String?
  /// Tracers that would show more than events.
  public var tracers: [FacilityState]
  /// Triggers, buffers and other parts.
  public var features: [FacilityState]
  /// Events of the standing set that the kernel does not have, sorted.
  public var missingEvents: [String]
  /// Who else uses tracing now, in words.
  public var otherUsers: [String]

  /// Makes the value of a kernel of which nothing is known.
  public init(tracefs: String? = nil, obstacle: String? = nil) {
    self.tracefs = tracefs
    self.obstacle = obstacle
    tracers = []
    features = []
    missingEvents = []
    otherUsers = []
  }

  private enum CodingKeys: String, CodingKey {
    case tracefs, obstacle, tracers, features
    case missingEvents = "missing_events"
    case otherUsers = "other_users"
  }
}
