public import TraceModel

/// What cpu.stat says of the cgroup of a thread and of the groups above it: each of them may have a
/// limit.
public struct GroupBandwidth: Hashable, Sendable {
  /// The counters of one group.
  public struct Level: Hashable, Sendable {
    /// `nr_throttled`
    public var count: UInt64
    /// `throttled_usec` (cgroup v2) or `throttled_time` (v1, ns), summed over the CPUs by the
    /// kernel.
    public var time: Nanoseconds
  }

  /// The counters by the group's directory.
  public var levels: [String: Level] = [:]

  /// Makes a value of no group.
  public init() {}

  /// Where the cpu controller may be mounted, by its version: systems with both have version 2
  /// below `unified`.
  private static let unified = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]

  /// Reads the groups of a task; `list` is its file `cgroup` in /proc. nil where no group has the
  /// counters.
  init?(_ list: String, _ files: SystemFiles) {
    for line in SystemFiles.lines(list) {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
      if fields[0] == "0" {
        for mount in Self.unified { read(mount, String(fields[2]), files) }
      } else if fields[1].split(separator: ",").contains("cpu") {
        read("/sys/fs/cgroup/\(fields[1])", String(fields[2]), files)
        if fields[1] != "cpu" { read("/sys/fs/cgroup/cpu", String(fields[2]), files) }
      }
    }
    if levels.isEmpty { return nil }
  }

  private mutating func read(_ mount: String, _ path: String, _ files: SystemFiles) {
    var group = path == "/" ? "" : path
    while true {
      let directory = mount + group
      if levels[directory] == nil, let text = files.text("\(directory)/cpu.stat") {
        var count: UInt64?
        var time: Nanoseconds?
        for row in SystemFiles.lines(text) {
          let words = SystemFiles.fields(row)
          guard words.count == 2 else { continue }
          switch words[0] {
          case "nr_throttled": count = UInt64(words[1])
          case "throttled_usec": time = Int64(words[1]).map(Nanoseconds.init(microseconds:))
          case "throttled_time": time = Int64(words[1]).map { Nanoseconds($0) }
          default: break
          }
        }
        if let time { levels[directory] = Level(count: count ?? 0, time: time) }
      }
      guard let slash = group.lastIndex(of: "/") else { break }
      group = String(group[..<slash])
    }
  }

  /// What the group that was throttled most grew by since `earlier`; a group that was not read then
  /// does not count, one that went back counts as 0. nil where no group is in both.
  func growth(since earlier: GroupBandwidth) -> Level? {
    var most: Level?
    for (path, now) in levels {
      guard let before = earlier.levels[path] else { continue }
      let grown = Level(
        count: now.count > before.count ? now.count - before.count : 0,
        time: max(.zero, now.time - before.time))
      if grown.time >= most?.time ?? .zero { most = grown }
    }
    return most
  }
}
