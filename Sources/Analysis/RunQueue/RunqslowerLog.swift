/// A log of the tool runqslower, read to find rows whose names cannot be right.
///
/// Old versions take the thread id from the task that gets the CPU and the name from the task that
/// is current then, which is still the one that leaves: the row then reads "tid of the delayed
/// task, name of the task that was running".
public struct RunqslowerLog: Sendable {
  /// One row.
  public struct Row: Hashable, Sendable {
    /// Line in the file, from 1.
    public var line: Int
    /// The time as printed.
    public var time: String
    /// The task's name.
    public var comm: String
    /// The thread id.
    public var tid: Int32
    /// The latency in us.
    public var latency: Int64
  }

  /// What is wrong with the names.
  public enum Problem: Hashable, Sendable {
    /// One thread id has several names.
    case namesOfThread(tid: Int32, names: [String], lines: [Int])
    /// A name that the kernel gives to one thread only has several thread ids.
    case threadsOfName(name: String, tids: [Int32], lines: [Int])
    /// swapper is called a waiting task; the idle task never waits.
    case idle(line: Int)

    /// One sentence.
    public var text: String {
      func list(_ numbers: [some BinaryInteger]) -> String {
        numbers.map { "\($0)" }.joined(separator: ", ")
      }
      switch self {
      case .namesOfThread(let tid, let names, let lines):
        return "tid \(tid) is called \(names.joined(separator: " and ")) (lines \(list(lines)))"
      case .threadsOfName(let name, let tids, let lines):
        return "\(name) has the tids \(list(tids)) (lines \(list(lines)))"
      case .idle(let line):
        return "line \(line): swapper, the idle task, never waits for a CPU"
      }
    }
  }

  /// The rows in the file's order.
  public private(set) var rows: [Row] = []

  /// Reads a log; lines that are not rows are left out, quoting marks of mails are removed.
  public init(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let body = line.drop { $0 == ">" || $0 == " " || $0 == "\t" || $0 == "|" }
      let words = body.split { $0 == " " || $0 == "\t" || $0 == "\r" }
      guard words.count >= 4, Self.isTime(words[0]) else { continue }
      // A name may hold blanks: tid and latency are the first two numbers side by side after it.
      for at in 2..<words.count - 1 {
        guard let tid = Int32(words[at]), tid >= 0, let latency = Int64(words[at + 1]),
          latency >= 0
        else { continue }
        let comm = body[words[1].startIndex..<words[at - 1].endIndex]
        rows.append(
          Row(
            line: index + 1, time: String(words[0]), comm: String(comm), tid: tid,
            latency: latency))
        break
      }
    }
  }

  private static func isTime(_ word: Substring) -> Bool {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
  }

  /// What cannot be right, by thread id and name.
  ///
  /// An exec renames a thread too: names of threads are reported for kernel threads with certainty,
  /// for others as a hint.
  public var problems: [Problem] {
    var problems: [Problem] = []
    for (tid, rows) in Dictionary(grouping: rows, by: \.tid).sorted(by: { $0.key < $1.key }) {
      let names = Self.unique(rows.map(\.comm))
      if names.count > 1 {
        problems.append(
          .namesOfThread(tid: tid, names: names, lines: rows.map(\.line)))
      }
    }
    for (name, rows) in Dictionary(grouping: rows, by: \.comm).sorted(by: { $0.key < $1.key })
    where Self.isUnique(name) {
      let tids = Self.unique(rows.map(\.tid))
      if tids.count > 1 {
        problems.append(.threadsOfName(name: name, tids: tids, lines: rows.map(\.line)))
      }
    }
    problems += rows.filter { $0.comm.hasPrefix("swapper/") }.map { .idle(line: $0.line) }
    return problems
  }

  /// Whether the kernel gives the name to one thread at a time.
  private static func isUnique(_ name: String) -> Bool {
    ["kworker/", "ksoftirqd/", "migration/", "rcuc/", "rcuop/", "cpuhp/", "ktimers/", "irq/"]
      .contains { name.hasPrefix($0) } && !name.hasSuffix("/")
  }

  private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
  }
}
