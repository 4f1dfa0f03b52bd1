public import TraceModel

/// A call of a kernel function that the function_graph tracer timed.
public struct FunctionCall: Hashable, Sendable, Codable {
  /// The function.
  public var name: String
  /// The CPU on which it returned.
  public var cpu: Int
  /// When it returned, on the clock of the events.
  public var end: Nanoseconds
  /// How long it took, with all that it called and all that interrupted it.
  public var length: Nanoseconds
  /// How many traced functions it was called in.
  public var depth: Int
  /// Whether it had not returned when tracing stopped: then the end is that.
  public var isOpen: Bool

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(
    name: String, cpu: Int, end: Nanoseconds, length: Nanoseconds, depth: Int = 0,
    isOpen: Bool = false
  ) {
    self.isOpen = isOpen
    self.name = name
    self.cpu = cpu
    self.end = end
    self.length = length
    self.depth = depth
  }

  private enum CodingKeys: String, CodingKey {
    case name, cpu, depth
    case isOpen = "open"
    case end = "end_ns"
    case length = "length_ns"
  }

  /// From when to when.
  public var span: TimeSpan { TimeSpan(end - max(length, .zero), end) }
}

/// What function_graph adds to a finding: how long the function that it names took, and what took
/// long in it.
enum FunctionTimes {
  /// The most lines for what it called.
  private static let mostInner = 3

  /// The evidence for a finding, empty where its function was not timed in its stretches.
  static func evidence(_ spike: SpikeCase, _ finding: Finding) -> [Evidence] {
    let calls = (spike.context.functionCalls ?? []).filter { call in
      finding.spans.contains { $0.clipped(to: call.span) != nil }
    }
    let own = calls.filter { $0.name == finding.name }.max { $0.length < $1.length }
    guard let own else { return [] }
    let share = Spans.length(
      Spans.intersection(Spans.merged(finding.spans), [own.span]))
    var lines = [
      Evidence(
        source: "function_graph",
        text: "\(own.name) "
          + (own.isOpen
            ? "had not returned after \(own.length.microseconds) us"
            : "took \(own.length.microseconds) us")
          + ", \(share.microseconds) us of these in the window",
        cpu: own.cpu)
    ]
    let inner = calls.filter {
      $0.cpu == own.cpu && $0.depth > own.depth && $0.span.start >= own.span.start
        && $0.end <= own.end && $0.length * 20 >= own.length
    }.sorted { $0.length > $1.length }
    for call in inner.prefix(mostInner) {
      lines.append(
        Evidence(
          source: "function_graph",
          text: "inside, \(call.name) took \(call.length.microseconds) us", cpu: call.cpu))
    }
    return lines
  }
}
