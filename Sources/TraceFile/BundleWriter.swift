internal import Glibc
internal import RingBuffer
public import SystemPackage

/// Writes a bundle: a directory that is there whole or not at all.
///
/// Files are written and forced to the disk in a directory `.NAME.tmp-PID` beside the target;
/// `finish()` adds the checksums, forces the directory out and gives it its name. A writer that is
/// dropped before, by an error or otherwise, leaves nothing behind. One that is killed leaves the
/// directory to `AbandonedBundles`; as long as it lives it holds a lock (flock(2)) on it.
public struct BundleWriter: ~Copyable {
  /// Name of the file with the checksums, in the format of sha256sum(1).
  public static let manifestName = "SHA256SUMS"

  private let parent: String
  private let name: String
  private let temporary: String
  private var sums: [(name: String, sum: String)]
  private var isDone: Bool
  /// The temporary directory, locked; -1 where it could not be opened.
  private let lock: Int32

  /// Makes the temporary directory for a bundle `name` in the directory `parent`, which must be
  /// there.
  public init(name: String, in parent: String) throws(TraceFileError) {
    // Nothing may throw once the first property is set: the value has a deinit.
    let made = try Self.makeTemporary(name: name, in: parent.isEmpty ? "." : parent)
    self.parent = parent.isEmpty ? "." : parent
    self.name = name
    temporary = made
    lock = unsafe Glibc.open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if lock >= 0 { _ = flock(lock, LOCK_EX | LOCK_NB) }
    sums = []
    isDone = false
  }

  private static func makeTemporary(
    name: String, in parent: String
  ) throws(TraceFileError) -> String {
    guard isPlain(name) else {
      throw TraceFileError(
        .create, path: name, reason: .invalid("the name of a bundle must be a plain file name"))
    }
    let path = join(parent, ".\(name).tmp-\(getpid())")
    // A second number where this process already writes one, or a killed one of the same id did.
    for number in 1...99 {
      let attempt = number == 1 ? path : "\(path).\(number)"
      if unsafe mkdir(attempt, 0o755) == 0 { return attempt }
      guard errno == EEXIST else { throw .system(.create, attempt, .current) }
    }
    throw TraceFileError(
      .create, path: path, reason: .system(.fileExists),
      hint: "remove the directories that killed runs left")
  }

  deinit {
    if !isDone { Self.remove(temporary, files: sums.map(\.name)) }
    if lock >= 0 { _ = Glibc.close(lock) }
  }

  /// Adds a file with the given bytes.
  public mutating func add(_ file: String, bytes: [UInt8]) throws(TraceFileError) {
    try add(file) { (descriptor, path) throws(TraceFileError) in
      var output = FileOutput(descriptor, path: path)
      try output.write(bytes)
    }
  }

  /// Adds a file with the given text.
  public mutating func add(_ file: String, text: String) throws(TraceFileError) {
    try add(file, bytes: Array(text.utf8))
  }

  /// Adds a file that `body` writes to the descriptor it gets; the path is for its errors.
  public mutating func add(
    _ file: String, _ body: (FileDescriptor, String) throws(TraceFileError) -> Void
  ) throws(TraceFileError) {
    guard Self.isPlain(file), file != Self.manifestName,
      !sums.contains(where: { $0.name == file })
    else {
      throw TraceFileError(
        .create, path: file, reason: .invalid("no name for a new file of a bundle"))
    }
    try write(file, body)
  }

  /// Gives the bundle its name and gives back its path.
  ///
  /// Where the name is taken, `-2`, `-3` and so on are tried: nothing is ever overwritten.
  public consuming func finish() throws(TraceFileError) -> String {
    let manifest = sums.sorted { $0.name < $1.name }.map { "\($0.sum)  \($0.name)\n" }.joined()
    try write(Self.manifestName) { (descriptor, path) throws(TraceFileError) in
      var output = FileOutput(descriptor, path: path)
      try output.write(Array(manifest.utf8))
    }
    try Self.sync(temporary)
    for number in 1...9_999 {
      let target = Self.join(parent, number == 1 ? name : "\(name)-\(number)")
      // The name is claimed by an empty directory, which rename(2) then replaces in one step.
      guard unsafe mkdir(target, 0o755) == 0 else {
        if errno == EEXIST { continue }
        throw .system(.create, target, .current)
      }
      guard unsafe Glibc.rename(temporary, target) == 0 else {
        let error = Errno.current
        _ = unsafe rmdir(target)
        throw .system(.rename, target, error)
      }
      isDone = true
      try Self.sync(parent)
      return target
    }
    throw TraceFileError(
      .rename, path: Self.join(parent, name), reason: .system(.fileExists),
      hint: "10000 bundles of this name exist, move some away")
  }

  private mutating func write(
    _ file: String, _ body: (FileDescriptor, String) throws(TraceFileError) -> Void
  ) throws(TraceFileError) {
    let path = Self.join(temporary, file)
    let number = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw .system(.create, path, .current) }
    // Noted at once, so that an error in the body removes the file too.
    sums.append((file, ""))
    do throws(TraceFileError) {
      try body(FileDescriptor(rawValue: number), path)
    } catch {
      _ = Glibc.close(number)
      throw error
    }
    guard fsync(number) == 0 else {
      let error = Errno.current
      _ = Glibc.close(number)
      throw .system(.sync, path, error)
    }
    guard Glibc.close(number) == 0 else { throw .system(.write, path, .current) }
    sums[sums.count - 1].sum = try Bundle.checksum(path)
  }

  /// A name without a directory part that is neither hidden by `.` nor a parent.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 200
      && !name.utf8.contains { $0 == 0x2f || $0 == 0 || $0 == 0x0a || $0 == 0x5c }
  }

  static func join(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }

  private static func sync(_ directory: String) throws(TraceFileError) {
    let file = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw .system(.sync, directory, .current) }
    defer { _ = Glibc.close(file) }
    // Some file systems cannot sync a directory and say so.
    guard fsync(file) == 0 || errno == EINVAL else { throw .system(.sync, directory, .current) }
  }

  private static func remove(_ directory: String, files: [String]) {
    for file in files { _ = unsafe unlink(join(directory, file)) }
    _ = unsafe rmdir(directory)
  }
}
