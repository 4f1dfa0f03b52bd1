internal import SystemPackage

/// A mounted tracefs, or a tree that stands for one in a test.
public struct TracefsRoot: Hashable, Sendable {
  /// The directory, without a slash at its end.
  public var path: String

  /// Where the kernel wants its tracefs.
  public static let standardPath = "/sys/kernel/tracing"

  /// Takes `path` as tracefs without asking.
  public init(path: String) {
    var path = path
    while path.count > 1, path.last == "/" { path.removeLast() }
    self.path = path
  }

  /// The path of a file in the tree.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// The directory of an instance.
  public func instance(_ name: String) -> String { "\(path)/instances/\(name)" }

  /// The directory of an instance, or the tree itself for nil.
  public func directory(_ instance: String?) -> String {
    instance.map { self.instance($0) } ?? path
  }

  /// Finds a mounted tracefs by /proc/self/mounts; one below debugfs is never taken.
  ///
  /// - Returns: nil where none is mounted.
  public static func find(files: ControlFiles = ControlFiles()) throws(TracefsError)
    -> TracefsRoot?
  {
    let mounts = try files.text("\(files.proc)/self/mounts")
    var found: [String] = []
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2, fields[2] == "tracefs" else { continue }
      let path = unescaped(fields[1])
      if !path.hasPrefix("/sys/kernel/debug") { found.append(path) }
    }
    guard let path = found.first(where: { $0 == standardPath }) ?? found.first else { return nil }
    return TracefsRoot(path: path)
  }

  /// Finds a mounted tracefs that this process can use, mounting one where there is none.
  ///
  /// The mount is written to the journal first. Restoring the journal unmounts it again, unless
  /// somebody else uses it by then.
  ///
  /// - Throws: not supported by the kernel, not root, or the reason of mount(2).
  public static func findOrMount(journal: Journal, files: ControlFiles = ControlFiles())
    throws(TracefsError) -> TracefsRoot
  {
    if let root = try find(files: files) {
      try root.checkAccess(files: files)
      return root
    }
    let supported = (try? files.text("\(files.proc)/filesystems")) ?? ""
    guard supported.split(whereSeparator: \.isWhitespace).contains("tracefs") else {
      throw TracefsError(
        .find, path: standardPath, errno: .operationNotSupportedByDevice,
        hint: "this kernel has no tracefs, which requires CONFIG_TRACING (CONFIG_FTRACE)")
    }
    guard files.isRoot else {
      throw TracefsError(
        .find, path: standardPath, errno: .permissionDenied,
        hint: "tracefs is not mounted and only root can mount it; run it with sudo, or "
          + "mount -t tracefs nodev \(standardPath)")
    }
    try journal.mountTracefs(at: standardPath)
    return TracefsRoot(path: standardPath)
  }

  /// Checks that the tree can be read at all.
  ///
  /// - Throws: the reason, with a hint for one who is not root.
  public func checkAccess(files: ControlFiles = ControlFiles()) throws(TracefsError) {
    _ = try files.list(path)
    _ = try files.text(file("trace_clock"))
  }

  /// The names of all instances, sorted; none where the kernel has no instances.
  public func instances(files: ControlFiles = ControlFiles()) throws(TracefsError) -> [String] {
    do {
      return try files.list(file("instances"))
    } catch  where error.errno == .noSuchFileOrDirectory {
      return []
    }
  }

  /// Undoes the octal escapes of /proc/mounts.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var index = 0
    while index < source.count {
      if source[index] == 0x5C, index + 3 < source.count,
        let code = UInt8(String(decoding: source[index + 1...index + 3], as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        index += 4
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
