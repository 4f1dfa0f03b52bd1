import Glibc

/// The kernel's build configuration, from `/boot/config-RELEASE` or `/proc/config.gz`.
public struct KernelConfig: Hashable, Sendable {
  /// The whole text.
  public let text: String
  private let values: [String: String]

  /// Takes a configuration's text.
  public init(text: String) {
    self.text = text
    values = Self.values(text)
  }

  /// Reads the configuration of the running kernel, nil if it is not available.
  ///
  /// Unpacking /proc/config.gz starts a `gzip` process: call it before measuring, never while it
  /// runs.
  public init?(_ files: SystemFiles, release: String) {
    if let text = files.text("/boot/config-\(release)", limit: 4 << 20), !text.isEmpty {
      self.init(text: text)
    } else if files.exists("/proc/config.gz"),
      let text = Self.unpacked(files.root + "/proc/config.gz"), !text.isEmpty
    {
      self.init(text: text)
    } else {
      return nil
    }
  }

  /// The value of `CONFIG_name`: `y`, `m`, a number or a text without its quotes; nil where it is
  /// not set.
  public func value(_ name: String) -> String? { values[name] }

  /// The lines `CONFIG_NAME=value` of a configuration.
  private static func values(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    let prefix = Array("CONFIG_".utf8)
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")),
        let name = String(line[..<equals].dropFirst(prefix.count)),
        let value = String(line[line.index(after: equals)...])
      else { continue }
      values[name] = value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
    }
    return values
  }

  private static func unpacked(_ path: String) -> String? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let words = ["gzip", "-dc", path].map { (word: String) in strdup(word) }
    defer { words.forEach { free($0) } }
    var child: pid_t = 0
    let status = posix_spawnp(&child, "gzip", &actions, nil, words + [nil], environ)
    close(ends[1])
    guard status == 0 else { return nil }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while content.count < 8 << 20 {
      let count = read(ends[0], &chunk, chunk.count)
      if count > 0 {
        content.append(contentsOf: chunk[..<count])
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    var result: Int32 = 0
    while waitpid(child, &result, 0) < 0, errno == EINTR {}
    return result == 0 ? String(decoding: content, as: UTF8.self) : nil
  }
}
