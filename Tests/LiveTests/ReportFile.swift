import Foundation

/// The parts of report.json that the live tests look at.
struct ReportFile: Decodable {
  struct Segment: Decodable {
    var name: String
    var ns: Int64
  }
  struct Cause: Decodable {
    var `class`: String
    var name: String
    var confidence: String
    var ns: Int64
  }
  struct Line: Decodable {
    /// nil for a line that stands for events left out.
    var text: String?
    var offset_ns: Int64?
  }
  struct Ran: Decodable {
    var name: String
    var ns: Int64
  }
  struct Spike: Decodable {
    var cpu: Int
    var tid: Int32
    var latency_ns: Int64
    var segments: [Segment]
    var culprit: Cause
    var contributors: [Cause]
    var trace: Trace
    var excerpt: [Line]
    var ran: [Ran]
  }
  struct Trace: Decodable {
    var events_in_window: Int
    var lost_in_window: UInt64
  }
  struct Thread: Decodable {
    var comm: String
    var priority: Int
  }
  var spike: Spike
  var rt_threads: [Thread]

  init(_ text: String) throws {
    self = try JSONDecoder().decode(ReportFile.self, from: Data(text.utf8))
  }

  /// Whether segments, and culprit with contributors, each sum to the latency.
  var sumsAreExact: Bool {
    spike.segments.reduce(0) { $0 + $1.ns } == spike.latency_ns
      && spike.contributors.reduce(spike.culprit.ns) { $0 + $1.ns } == spike.latency_ns
  }

  /// Whether tasks of this name ran for half of the latency: derived from the replay, not from a
  /// rule.
  func isFilled(by prefix: String) -> Bool {
    let time = spike.ran.filter { $0.name.hasPrefix(prefix) }.reduce(0) { $0 + $1.ns }
    return time * 2 >= spike.latency_ns
  }
}
