/// What was removed and restored, and what could not be.
public struct DisarmReport: Hashable, Sendable {
  /// Something that is not as it was before.
  public struct Leftover: Hashable, Sendable {
    /// The instance's directory, or the file.
    public var path: String
    /// Why, and what it is now.
    public var reason: String

    /// Memberwise.
    public init(path: String, reason: String) {
      self.path = path
      self.reason = reason
    }
  }

  /// Directories of instances that are gone, verified.
  public var removedInstances: [String]
  /// What came of each global value.
  public var restored: [RestoreOutcome]
  /// Instances and files that could not be brought back.
  public var leftovers: [Leftover]

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    removedInstances: [String] = [], restored: [RestoreOutcome] = [], leftovers: [Leftover] = []
  ) {
    self.removedInstances = removedInstances
    self.restored = restored
    self.leftovers = leftovers
  }

  /// Whether nothing of ours is left.
  public var isClean: Bool { leftovers.isEmpty && restored.allSatisfy(\.isSettled) }

  /// Whether there was nothing to do.
  public var isEmpty: Bool { removedInstances.isEmpty && restored.isEmpty && leftovers.isEmpty }

  /// Adds what another report says.
  public mutating func add(_ other: DisarmReport) {
    removedInstances += other.removedInstances
    restored += other.restored
    leftovers += other.leftovers
  }

  /// One line for each thing, for a terminal.
  public var lines: [String] {
    removedInstances.map { "removed \($0)" } + restored.map(\.description)
      + leftovers.map { "left \($0.path): \($0.reason)" }
  }
}
