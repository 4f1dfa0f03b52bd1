import TraceModel

/// What the stacks of many spikes of one class have in common.
///
/// One stack is one sample: the innermost function of a single spike was only where the wakeup
/// happened. The function that most spikes were called from answers for all of them.
public struct CommonPath: Hashable, Sendable {
  /// A function that spikes have in common.
  public struct Function: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// The spikes whose stack holds it.
    public var count: Int
  }

  /// Spikes with a stack of kernel code.
  public private(set) var stacks = 0
  /// For each function the stacks that hold it and the sum of its distances from the innermost
  /// frame.
  private var functions: [String: (count: Int, distance: Int)] = [:]
  /// The most functions that are counted: a run may last for days.
  private static let most = 4_096
  /// Fewer stacks have nothing in common but chance.
  private static let least = 3

  /// Without a stack.
  public init() {}

  /// Adds the interrupted code's stack of a spike, if it has one.
  public mutating func add(_ analysis: SpikeAnalysis) {
    let frames = analysis.stack.dropFirst(analysis.foldedFrames)
      .filter { !$0.symbol.isEmpty }
    guard !frames.isEmpty else { return }
    stacks += 1
    var seen: Set<String> = []
    for (distance, frame) in frames.enumerated() {
      let name = frame.symbol
      guard !KernelFunctions.isHelper(name), !KernelFunctions.isOutermost(name),
        functions[name] != nil || functions.count < Self.most, seen.insert(name).inserted
      else { continue }
      let known = functions[name] ?? (0, 0)
      functions[name] = (known.count + 1, known.distance + distance)
    }
  }

  /// The innermost function that at least three fifths of the stacks hold, nil where there is none
  /// or too few stacks.
  public var function: Function? {
    guard stacks >= Self.least else { return nil }
    let shared = functions.filter { $0.value.count * 5 >= stacks * 3 }
    let best = shared.min { a, b in
      // Distances are compared as averages, without a division.
      let (x, y) = (a.value.distance * b.value.count, b.value.distance * a.value.count)
      return x != y ? x < y : a.key < b.key
    }
    return best.map { Function(name: $0.key, count: $0.value.count) }
  }

  /// Whether both have the same stacks and the same function.
  public static func == (a: CommonPath, b: CommonPath) -> Bool {
    a.stacks == b.stacks && a.function == b.function
  }

  /// Feeds stacks and function into the hasher.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(stacks)
    hasher.combine(function)
  }
}
