internal import TraceModel

/// Why ring-buffer data could not be read.
public struct RingBufferError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being read.
  public enum Operation: String, Hashable, Sendable {
    /// The text of `events/header_page`.
    case headerPage = "read header_page"
    /// The text of an event's `format` file.
    case format = "read the event format"
    /// A sub-buffer page.
    case page = "read the page"
  }

  /// What was being read.
  public var operation: Operation
  /// Which one: the event's name, `CPU 1 page 12`; empty where there is only one.
  public var subject: String
  /// Byte offset of the trouble: in the text, or in the CPU's stream of pages.
  public var position: Int
  /// What is wrong there.
  public var reason: String

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(operation: Operation, subject: String = "", position: Int, reason: String) {
    self.operation = operation
    self.subject = subject
    self.position = position
    self.reason = reason
  }

  /// What the user can do about it.
  public var hint: String {
    switch operation {
    case .headerPage, .format:
      "copy the text again from the tracefs of the kernel that wrote the pages"
    case .page: "the records after it are skipped; copy or record the trace again"
    }
  }

  /// What failed, on what, where, why and what to do next.
  public var description: String {
    let failure =
      "cannot \(operation.rawValue)\(subject.isEmpty ? "" : " of \(subject)") at byte \(position)"
    return ErrorLine.text(failure, because: [reason], next: hint)
  }
}
