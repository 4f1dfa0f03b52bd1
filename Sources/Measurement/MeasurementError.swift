public import SystemPackage
internal import TraceModel

/// Why a measurement could not be prepared.
public struct MeasurementError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried: "set policy fifo, priority 80".
  public var operation: String
  /// On what: "thread 2", "/dev/cpu_dma_latency", "plan".
  public var subject: String
  /// The kernel's reason; nil where it accepted and did something else, or was not asked.
  public var errno: Errno?
  /// `why; what to do next`, after the kernel's reason; empty where nothing more is known.
  public var hint: String

  /// An error of `operation` on `subject`.
  public init(operation: String, subject: String, errno: Errno? = nil, hint: String = "") {
    self.operation = operation
    self.subject = subject
    self.errno = errno
    self.hint = hint
  }

  /// One line: what failed, on what, why, what to do next.
  public var description: String {
    ErrorLine.text("\(subject): cannot \(operation)", because: [errno?.description, hint])
  }
}
