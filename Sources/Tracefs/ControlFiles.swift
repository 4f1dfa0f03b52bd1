internal import CTracing
internal import Glibc
public import SystemPackage

/// The one place that touches the kernel's control files, the journal and mounts.
///
/// Every access goes through one of two helpers (`input`, `output`), which carry all handling of
/// errno. An interceptor comes before both, so that tests make any access fail, or play the kernel
/// in a made-up tree.
public struct ControlFiles: Sendable {
  /// What an interceptor decides about an access.
  public enum Interception: Hashable, Sendable {
    /// The access is made.
    case proceed
    /// The access fails with this reason, nothing is touched.
    case fail(Errno)
    /// A change is taken as made, nothing is touched; reading goes on as with `proceed`.
    case handled
  }

  /// Called before each access.
  public typealias Interceptor = @Sendable (FileAccess) -> Interception

  /// Where procfs is.
  public var proc: String
  /// Where securityfs is.
  public var security: String
  /// Whether this process counts as root: the effective user's rights.
  public var isRoot: Bool
  private let interceptor: Interceptor?

  /// Gives access to the machine's files, or to what replaces them.
  public init(
    proc: String = "/proc", security: String = "/sys/kernel/security",
    isRoot: Bool? = nil, interceptor: Interceptor? = nil
  ) {
    self.proc = proc
    self.security = security
    self.isRoot = isRoot ?? (geteuid() == 0)
    self.interceptor = interceptor
  }

  // MARK: the two helpers

  /// Makes an access that reads; any failure becomes a `TracefsError` with its hint.
  func input<Value>(_ access: FileAccess, _ body: () throws -> Value) throws(TracefsError) -> Value
  {
    if case .fail(let errno) = interceptor?(access) ?? .proceed { throw error(access, errno) }
    do {
      return try body()
    } catch {
      throw self.error(access, error as? Errno ?? .ioError)
    }
  }

  /// Makes an access that changes something; any failure becomes a `TracefsError` with its hint.
  func output(_ access: FileAccess, _ body: () throws -> Void) throws(TracefsError) {
    switch interceptor?(access) ?? .proceed {
    case .proceed: break
    case .handled: return
    case .fail(let errno): throw error(access, errno)
    }
    do {
      try body()
    } catch {
      throw self.error(access, error as? Errno ?? .ioError)
    }
  }

  private func error(_ access: FileAccess, _ errno: Errno) -> TracefsError {
    TracefsError(
      access.operation, path: access.path, value: access.value, errno: errno,
      hint: TracefsHint.text(access, errno, self))
  }

  // MARK: files

  /// The whole text of a file; bytes that are not UTF-8 are replaced.
  public func text(_ path: String) throws(TracefsError) -> String {
    String(decoding: try bytes(path), as: UTF8.self)
  }

  /// The whole text without blanks and line ends around it.
  public func value(_ path: String) throws(TracefsError) -> String {
    trimmed(try text(path))
  }

  /// All bytes of a file. The size that the system reports is not used: it is 0 for the kernel's
  /// files.
  public func bytes(_ path: String) throws(TracefsError) -> [UInt8] {
    try input(FileAccess(.read, path: path)) {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
          let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
          if count == 0 { return bytes }
          bytes.append(contentsOf: chunk[..<count])
        }
      }
    }
  }

  /// Writes `value` in place of what was there (`O_TRUNC`, as `echo value > file`).
  ///
  /// Never for `trigger` files: opening them with O_TRUNC removes all triggers.
  public func write(_ value: String, to path: String) throws(TracefsError) {
    try write(value, to: path, options: [.truncate, .closeOnExec])
  }

  /// Adds `value` to what was there (`echo value >> file`).
  public func append(_ value: String, to path: String) throws(TracefsError) {
    try write(value, to: path, options: [.append, .closeOnExec])
  }

  private func write(_ value: String, to path: String, options: FileDescriptor.OpenOptions)
    throws(TracefsError)
  {
    try output(FileAccess(.write, path: path, value: value)) {
      let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: options)
      // The kernel takes a command as one write; an empty one does its work at the open.
      _ = try file.closeAfter { value.isEmpty ? 0 : try file.writeAll(value.utf8) }
    }
  }

  /// Adds a line to a separate file, made where it is missing, and waits until it is on the disk.
  func appendDurably(_ line: String, to path: String) throws(TracefsError) {
    try output(FileAccess(.write, path: path, value: line)) {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec],
        permissions: .ownerReadWrite)
      try file.closeAfter {
        try file.writeAll((line + "\n").utf8)
        try check { fsync(file.rawValue) }
      }
    }
  }

  /// Waits until a directory's entries are on the disk.
  func synchronise(directory path: String) throws(TracefsError) {
    try output(FileAccess(.write, path: path)) {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      try file.closeAfter { try check { fsync(file.rawValue) } }
    }
  }

  /// Opens a file that stays open, closed on exec.
  public func open(
    _ path: String, _ mode: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions = []
  ) throws(TracefsError) -> FileDescriptor {
    try input(FileAccess(.open, path: path)) {
      try FileDescriptor.open(FilePath(path), mode, options: options.union(.closeOnExec))
    }
  }

  /// Writes `value` to an open file.
  public func write(_ value: String, to file: FileDescriptor, of path: String)
    throws(TracefsError)
  {
    try output(FileAccess(.write, path: path, value: value)) { try file.writeAll(value.utf8) }
  }

  /// Deletes a file.
  func removeFile(_ path: String) throws(TracefsError) {
    try output(FileAccess(.removeFile, path: path)) { try check { unlink(path) } }
  }

  /// Whether something is at `path`.
  public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  // MARK: directories and mounts

  /// The names in a directory, sorted, without `.` and `..`.
  public func list(_ path: String) throws(TracefsError) -> [String] {
    try input(FileAccess(.list, path: path)) {
      guard let directory = opendir(path) else { throw Errno(rawValue: errno) }
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
      }
      return names.sorted()
    }
  }

  /// Makes a directory; in `instances/` the kernel makes a trace instance of it.
  func makeDirectory(_ path: String) throws(TracefsError) {
    try output(FileAccess(.makeDirectory, path: path)) { try check { mkdir(path, 0o700) } }
  }

  /// Removes a directory; in `instances/` the kernel disarms and frees the instance.
  func removeDirectory(_ path: String) throws(TracefsError) {
    try output(FileAccess(.removeDirectory, path: path)) { try check { rmdir(path) } }
  }

  /// Mounts a tracefs.
  func mountTracefs(at path: String) throws(TracefsError) {
    try output(FileAccess(.mount, path: path)) {
      try check { mount("nodev", path, "tracefs", 0, nil) }
    }
  }

  /// Unmounts what is at `path`, EBUSY where it is in use.
  func unmount(_ path: String) throws(TracefsError) {
    try output(FileAccess(.unmount, path: path)) { try check { umount2(path, 0) } }
  }

  // MARK: facts

  /// MemAvailable of /proc/meminfo.
  var availableKilobytes: Int? {
    guard let text = try? text("\(proc)/meminfo") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
    return nil
  }
}

/// Makes a system call again while it is interrupted, and throws its errno.
func check(_ call: () -> CInt) throws(Errno) {
  while call() == -1 {
    let reason = Errno(rawValue: errno)
    if reason != .interrupted { throw reason }
  }
}

/// The text without blanks and line ends around it.
func trimmed(_ text: some StringProtocol) -> String {
  let front = text.drop { $0.isWhitespace }
  guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
  return String(front[...last])
}

/// Sleeps, for the few places that wait for the kernel to let go of a file.
func pause(milliseconds: Int) {
  var time = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
  nanosleep(&time, nil)
}
