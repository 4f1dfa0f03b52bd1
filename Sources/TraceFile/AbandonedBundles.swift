internal import Glibc
public import TraceModel

/// Temporary directories of bundles whose writers were killed.
public enum AbandonedBundles {
  /// Removes those in `directory` whose names begin with `.PREFIX`, and gives back their paths.
  ///
  /// Only directories of this user that no writer holds (see `BundleWriter`) are looked at, only
  /// files in them are removed, and no symbolic link is followed. What cannot be read or removed is
  /// left alone.
  ///
  /// - Parameters:
  ///   - directory: Where bundles are made.
  ///   - prefix: How the bundles' names begin.
  ///   - isDead: Whether the process that made a directory has ended; gets its id and when the
  ///     directory was last changed (CLOCK_REALTIME).
  public static func remove(
    in directory: String, prefix: String, isDead: (_ pid: Int32, _ changed: Nanoseconds) -> Bool
  ) -> [String] {
    let parent = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { return [] }
    defer { _ = close(parent) }
    var removed: [String] = []
    for name in names(in: parent) where name.hasPrefix(".\(prefix)") {
      guard let pid = writer(of: name) else { continue }
      let folder = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard folder >= 0 else { continue }
      defer { _ = close(folder) }
      var status = stat()
      guard unsafe fstat(folder, &status) == 0, status.st_uid == geteuid() else { continue }
      let changed = Nanoseconds(
        Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
      // A living writer holds the lock; one of another PID namespace is known by it alone.
      guard isDead(pid, changed), flock(folder, LOCK_EX | LOCK_NB) == 0 else { continue }
      for file in names(in: folder) { _ = unsafe unlinkat(folder, file, 0) }
      if unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0 {
        removed.append(BundleWriter.join(directory, name))
      }
    }
    return removed
  }

  /// The process in a name of the form `.NAME.tmp-PID` or `.NAME.tmp-PID.NUMBER`.
  static func writer(of name: String) -> Int32? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard
      let mark = parts.lastIndex(where: { $0.hasPrefix("tmp-") }), mark >= 2,
      parts.count - mark <= 2, let pid = Int32(parts[mark].dropFirst(4)), pid > 0
    else { return nil }
    if mark + 1 < parts.count, UInt8(parts[mark + 1]) == nil { return nil }
    return pid
  }

  private static func names(in descriptor: Int32) -> [String] {
    // A second descriptor, because closedir(3) closes the one that it was given.
    let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let listing = unsafe fdopendir(copy) else {
      _ = close(copy)
      return []
    }
    defer { _ = unsafe closedir(listing) }
    var names: [String] = []
    while let entry = unsafe readdir(listing) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
