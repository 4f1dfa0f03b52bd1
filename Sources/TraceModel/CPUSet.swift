/// A set of CPU numbers, written and read in the kernel's list format (`0-3,5`).
public struct CPUSet: Hashable, Sendable {
  /// The CPU numbers, ascending, without repetition.
  public private(set) var cpus: [Int]

  /// The highest CPU number taken from text, so that a typing error cannot ask for gigabytes.
  public static let highest = 65_535

  /// Makes a set of the given numbers; negative ones are left out.
  public init(_ cpus: some Sequence<Int>) {
    self.cpus = Array(Set(cpus.filter { $0 >= 0 })).sorted()
  }

  /// Reads the kernel's list format as in `/sys/devices/system/cpu/online`; nil where the text is
  /// not one.
  ///
  /// Blanks around the text are allowed, an empty text is the empty set, `3-1` is refused.
  public init?(list text: some StringProtocol) {
    var found: Set<Int> = []
    let trimmed = text.drop { $0.isWhitespace }
    let body = trimmed.reversed().drop { $0.isWhitespace }.reversed()
    if body.isEmpty {
      self.init([])
      return
    }
    for part in String(body).split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count == 1 || ends.count == 2, let low = Self.number(ends[0]),
        let high = ends.count == 2 ? Self.number(ends[1]) : low, low <= high
      else { return nil }
      found.formUnion(low...high)
    }
    self.init(found)
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let value = Int(text),
      value <= highest
    else { return nil }
    return value
  }

  /// The kernel's list format, empty for the empty set.
  public var list: String {
    var parts: [String] = []
    var index = 0
    while index < cpus.count {
      var last = index
      while last + 1 < cpus.count, cpus[last + 1] == cpus[last] + 1 { last += 1 }
      parts.append(last == index ? "\(cpus[index])" : "\(cpus[index])-\(cpus[last])")
      index = last + 1
    }
    return parts.joined(separator: ",")
  }

  /// The kernel's mask format as in `tracing_cpumask`: hexadecimal words of 32 CPUs, highest first.
  public var mask: String {
    guard let top = cpus.last else { return "0" }
    var words = [UInt32](repeating: 0, count: top / 32 + 1)
    for cpu in cpus { words[cpu / 32] |= 1 << UInt32(cpu % 32) }
    let texts = words.reversed().map { String($0, radix: 16) }
    return texts.enumerated().map { index, text in
      index == 0 ? text : String(repeating: "0", count: 8 - text.count) + text
    }.joined(separator: ",")
  }

  /// Whether `cpu` is in the set.
  public func contains(_ cpu: Int) -> Bool { cpus.contains(cpu) }

  /// Whether no CPU is in the set.
  public var isEmpty: Bool { cpus.isEmpty }

  /// The number of CPUs.
  public var count: Int { cpus.count }
}
