public import SystemPackage
internal import TraceModel

/// What could not be done with tracefs or with the files beside it, on what, why, and what to do
/// next.
public struct TracefsError: Error, Hashable, Sendable {
  /// What was tried.
  public enum Operation: String, Hashable, Sendable {
    /// Looking for a mounted tracefs.
    case find = "find tracefs at"
    /// mount(2)
    case mount = "mount tracefs at"
    /// umount2(2)
    case unmount = "unmount"
    /// open(2)
    case open = "open"
    /// read(2), the open before it included.
    case read = "read"
    /// write(2), the open before it included.
    case write = "write"
    /// Reading a directory.
    case list = "list"
    /// mkdir(2); in `instances/` it makes a trace instance.
    case makeDirectory = "create"
    /// rmdir(2); in `instances/` it removes a trace instance.
    case removeDirectory = "remove"
    /// unlink(2)
    case removeFile = "delete"
    /// flock(2) on the journals' lock.
    case lock = "lock"
    /// posix_spawn(3) of the guardian.
    case spawn = "start"
    /// Looking there for a tracer that is of use.
    case choose = "choose a tracer from"
  }

  /// What was tried.
  public var operation: Operation
  /// The file or directory.
  public var path: String
  /// The text that could not be written.
  public var value: String?
  /// The system's reason; nil where this program itself refused.
  public var errno: Errno?
  /// `why; what to do next`, after the system's reason; empty where nothing more is known.
  public var hint: String

  /// An error of `operation` on `path`.
  public init(
    _ operation: Operation, path: String, value: String? = nil, errno: Errno? = nil,
    hint: String = ""
  ) {
    self.operation = operation
    self.path = path
    self.value = value
    self.errno = errno
    self.hint = hint
  }

  /// The same error with `text` before its hint.
  func adding(hint text: String) -> TracefsError {
    var copy = self
    if !text.isEmpty { copy.hint = hint.isEmpty ? text : "\(text); \(hint)" }
    return copy
  }
}

extension TracefsError: CustomStringConvertible {
  /// The longest part of a value that a message shows, in characters.
  static let shownCharacters = 120

  /// One line: what failed, on what, why, what to do next.
  public var description: String {
    var text = "cannot \(operation.rawValue) "
    if let value {
      let shown =
        value.count > Self.shownCharacters ? "\(value.prefix(Self.shownCharacters))…" : value
      text += "\"\(shown)\" to "
    }
    text += path
    let system = errno.map { $0.description + (Self.symbol($0).map { " (\($0))" } ?? "") }
    return ErrorLine.text(text, because: [system, hint])
  }

  /// The name in errno(3) of the reasons that occur with tracefs.
  static func symbol(_ errno: Errno) -> String? {
    switch errno {
    case .notPermitted: "EPERM"
    case .noSuchFileOrDirectory: "ENOENT"
    case .ioError: "EIO"
    case .badFileDescriptor: "EBADF"
    case .resourceTemporarilyUnavailable: "EAGAIN"
    case .noMemory: "ENOMEM"
    case .permissionDenied: "EACCES"
    case .resourceBusy: "EBUSY"
    case .fileExists: "EEXIST"
    case .operationNotSupportedByDevice: "ENODEV"
    case .notDirectory: "ENOTDIR"
    case .isDirectory: "EISDIR"
    case .invalidArgument: "EINVAL"
    case .noSpace: "ENOSPC"
    case .readOnlyFileSystem: "EROFS"
    case .tooManyOpenFiles: "EMFILE"
    case .tooManyOpenFilesInSystem: "ENFILE"
    default: nil
    }
  }
}
