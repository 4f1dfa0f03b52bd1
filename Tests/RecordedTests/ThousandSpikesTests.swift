import Analysis
import Foundation
import RingBuffer
import Recorded
import Testing
import TraceFile
import TraceModel

/// A thousand recorded spikes at a low threshold: Fixtures/README.md says how they were made.
@Suite struct ThousandSpikesTests {
  private static func explainer() throws -> SpikeExplainer {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/thousand-spikes.dat").path
    let file = try TraceDatReader.read(path)
    #expect(file.problems.isEmpty)
    return try SpikeExplainer(try #require(file.mainBuffer).trace)
  }

  @Test func `segments, causes and occupants each sum to the latency`() throws {
    let explainer = try Self.explainer()
    let markers = explainer.markers()
    #expect(markers.count >= 1_000)
    var explained = 0
    for marker in markers {
      let analysis = explainer.explain(marker, context: SystemContext())
      let latency = analysis.sample.latency
      let segments = analysis.segments.reduce(Nanoseconds.zero) { $0 + $1.length }
      let causes = ([analysis.culprit] + analysis.contributors)
        .reduce(Nanoseconds.zero) { $0 + $1.claimed }
      let occupants = analysis.ran.reduce(Nanoseconds.zero) { $0 + $1.net }
      #expect(segments == latency && causes == latency && occupants == latency, "\(marker.text)")
      // Every boundary of an ordinary wake-up is in the trace.
      if analysis.segments.last?.length == .zero { explained += 1 }
    }
    #expect(explained * 100 >= markers.count * 98)
  }

  @Test func `analysis of the same file gives the same value`() throws {
    let explainer = try Self.explainer()
    let marker = try #require(explainer.markers(limit: 1).first)
    let again = try Self.explainer()
    #expect(
      explainer.explain(marker, context: SystemContext())
        == again.explain(marker, context: SystemContext()))
  }
}
