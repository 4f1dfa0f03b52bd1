public import TraceFile

/// Why a recorded trace could not be read.
///
/// It carries the error of the file's reader, which names the file, the place and what to do.
public struct RecordedError: Error, Sendable, CustomStringConvertible {
  /// The reader's error.
  public let file: TraceFileError

  /// Wraps the error of a reader.
  init(_ file: TraceFileError) { self.file = file }

  /// One line: what failed, on what, why, what to do.
  public var description: String { "\(file)" }
}
