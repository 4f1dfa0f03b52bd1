public import SystemPackage

/// Why a measurement could not be prepared.
public struct MeasurementError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried: "set policy fifo, priority 80".
  public var operation: String
  /// On what: "thread 2", "/dev/cpu_dma_latency", "plan".
  public var subject: String
  /// What the kernel said, nil where it accepted and did something else, or was not asked.
  public var errno: Errno?
  /// What to do next, empty where nothing is known to help.
  public var hint: String

  /// Makes an error.
  public init(operation: String, subject: String, errno: Errno? = nil, hint: String = "") {
    self.operation = operation
    self.subject = subject
    self.errno = errno
    self.hint = hint
  }

  /// One line: what failed, on what, why, what to do.
  public var description: String {
    var text = "\(subject): cannot \(operation)"
    if let errno { text += ": \(errno)" }
    if !hint.isEmpty { text += " (\(hint))" }
    return text
  }
}
