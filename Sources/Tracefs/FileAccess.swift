/// One access to a file of the kernel or of the journal, as an interceptor sees it.
public struct FileAccess: Hashable, Sendable {
  /// What is done.
  public var operation: TracefsError.Operation
  /// The file or directory.
  public var path: String
  /// The text that is written.
  public var value: String?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(_ operation: TracefsError.Operation, path: String, value: String? = nil) {
    self.operation = operation
    self.path = path
    self.value = value
  }
}
