public import Analysis
public import RingBuffer
public import TraceModel

/// From pages to the verdict: the one road for a live buffer and for a recorded trace.
public struct SpikeExplainer: Sendable {
  /// Decoder of the trace.
  public let decoder: TraceDecoder
  /// Pages before the window that are read for the baseline, on each CPU.
  public static let baselinePages = 24

  /// Reads the heads of a trace; with `symbols` where these are read already.
  public init(_ trace: RawTrace, symbols: SymbolTable? = nil) throws(RingBufferError) {
    decoder = try TraceDecoder(trace: trace, symbols: symbols)
  }

  /// The same with formats and symbols that were read before, in place of the trace's own texts.
  package init(_ trace: RawTrace, schema: Schema, symbols: SymbolTable) throws(RingBufferError) {
    decoder = try TraceDecoder(trace: trace, schema: schema, symbols: symbols)
  }

  /// The break markers of the trace, latest first, at most `limit`.
  public func markers(limit: Int = .max) -> [BreakMarker] {
    decoder.findMarkers(containing: BreakMarker.phrase, limit: limit).compactMap {
      BreakMarker($0.text)
    }
  }

  /// The events around a wakeup: its window, a little after it, and pages before it for the
  /// baseline.
  public func timeline(around window: TimeSpan) -> Timeline {
    let behind = Nanoseconds(microseconds: 100)
    return decoder.timeline(
      in: TimeSpan(window.start, window.end + behind), pagesBefore: Self.baselinePages)
  }

  /// Explains the wakeup of a marker.
  ///
  /// `sections` are what latency tracers measured.
  public func explain(
    _ marker: BreakMarker, context: SystemContext, sections: [LatencySection] = []
  ) -> SpikeAnalysis {
    let timeline = timeline(around: TimeSpan(marker.expiry, marker.wake))
    let sample = marker.sample(comm: timeline.task(marker.tid).comm)
    return Analyzer(context: context).explain(sample, in: timeline, sections: sections)
  }

  /// Explains any wakeup.
  public func explain(_ sample: WakeupSample, context: SystemContext) -> SpikeAnalysis {
    Analyzer(context: context).explain(sample, in: timeline(around: sample.window))
  }
}
