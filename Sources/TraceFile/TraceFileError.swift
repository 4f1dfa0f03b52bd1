internal import Glibc
public import SystemPackage
internal import TraceModel

/// Why a trace file or a bundle could not be read or written.
///
/// The description is one line: what failed, on what, why, and what to do next.
public struct TraceFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done.
  public enum Operation: String, Hashable, Sendable {
    /// Opening or mapping a file or directory.
    case open
    /// Reading or parsing it.
    case read
    /// Writing it.
    case write
    /// Making a file or directory.
    case create
    /// Forcing it to the disk (fsync(2)).
    case sync
    /// Giving it its final name (rename(2)).
    case rename
    /// Comparing a bundle with its checksums.
    case verify
  }

  /// What went wrong.
  public enum Reason: Hashable, Sendable {
    /// A system call failed.
    case system(Errno)
    /// The content is of a kind that is not read here; the text names it.
    case unsupported(String)
    /// The content is not what its beginning promises; the text says how.
    case damaged(String)
    /// A value given by the caller cannot be used; the text says why.
    case invalid(String)
  }

  /// What was being done.
  public var operation: Operation
  /// The file or directory.
  public var path: String
  /// Byte offset in the file, nil where the failure has no place in it.
  public var offset: UInt64?
  /// What went wrong.
  public var reason: Reason
  /// What the user can do; may be empty.
  public var hint: String

  /// An error of `operation` on `path`.
  public init(
    _ operation: Operation, path: String, offset: UInt64? = nil, reason: Reason, hint: String = ""
  ) {
    self.operation = operation
    self.path = path
    self.offset = offset
    self.reason = reason
    self.hint = hint
  }

  /// The failed call's errno, nil where no call failed.
  public var errno: Errno? {
    if case .system(let errno) = reason { errno } else { nil }
  }

  /// `cannot read FILE at byte N: why; what to do next`
  public var description: String {
    let why: String
    switch reason {
    case .system(let errno): why = errno.description
    case .unsupported(let text), .damaged(let text), .invalid(let text): why = text
    }
    let place = offset.map { " at byte \($0)" } ?? ""
    return ErrorLine.text(
      "cannot \(operation.rawValue) \(path)\(place)", because: [why], next: hint)
  }

  /// The error of a failed call, with the hint that its errno asks for.
  static func system(_ operation: Operation, _ path: String, _ errno: Errno) -> TraceFileError {
    let hint: String
    let isReading = operation == .open || operation == .read || operation == .verify
    switch errno {
    case .permissionDenied where isReading, .notPermitted where isReading:
      hint = "check the permissions"
    case .noSpace, Errno(rawValue: EDQUOT):
      hint = "free some space or choose another directory with --output"
    case .permissionDenied, .notPermitted:
      hint = "check the permissions or choose another directory with --output"
    case .readOnlyFileSystem: hint = "choose another directory with --output"
    case .noSuchFileOrDirectory: hint = "check the path"
    case .isDirectory: hint = "name a file, or a bundle directory that holds SHA256SUMS"
    default: hint = ""
    }
    return TraceFileError(operation, path: path, reason: .system(errno), hint: hint)
  }
}
