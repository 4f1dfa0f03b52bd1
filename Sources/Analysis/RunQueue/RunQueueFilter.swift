public import TraceModel

/// Which waits are wanted.
public struct RunQueueFilter: Hashable, Sendable {
  /// Waits shorter than this are counted, but are not rows.
  public var threshold: Nanoseconds
  /// Glob over the task's name, nil for all.
  public var comm: String?
  /// Threads, nil for all.
  public var tids: Set<Int32>?
  /// Whether threads that these make belong to them.
  public var includesNewThreads: Bool
  /// CPUs that the tasks got, nil for all.
  public var cpus: CPUSet?

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    threshold: Nanoseconds = Nanoseconds(microseconds: 10_000), comm: String? = nil,
    tids: Set<Int32>? = nil, includesNewThreads: Bool = false, cpus: CPUSet? = nil
  ) {
    self.threshold = threshold
    self.comm = comm
    self.tids = tids
    self.includesNewThreads = includesNewThreads
    self.cpus = cpus
  }
}

/// Shell patterns: `*` for anything, `?` for one character.
public enum Glob {
  /// Whether all of `text` matches.
  public static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.unicodeScalars)
    let text = Array(text.unicodeScalars)
    var (p, t) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        p = last.pattern + 1
        t = last.text + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
