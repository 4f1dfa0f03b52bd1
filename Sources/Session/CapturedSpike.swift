internal import Analysis
internal import Measurement
internal import Recorded
internal import Report
internal import RingBuffer
internal import TraceModel

/// All that a spike's report and bundle are made of: nothing of the running measurement is needed
/// after this.
struct CapturedSpike: Sendable {
  /// The hit as the engine saw it.
  var hit: BreakHit
  /// The marker as it is in the buffer, so that the file alone gives the same sample.
  var marker: BreakMarker
  /// The buffers.
  var snapshot: Snapshot
  /// Formats of the events.
  var schema: Schema
  /// Machine, run and tracer at the hit.
  var facts: ReportFacts
  /// The escalation whose step this is, nil for none.
  var escalation: EscalationFacts?
  /// Version of the program.
  var version: String
  /// The threads' statistics up to the hit.
  var statistics: [ThreadStatistics]
  /// One line of uname.
  var uname: String
  /// How long tracing was off because of it, nil where it stays off.
  var deadTime: Nanoseconds?

  /// Bytes of its buffers.
  var byteCount: Int { snapshot.trace.cpus.reduce(0) { $0 + $1.range.count } }

  /// What explaining it gave.
  struct Explained: Sendable {
    /// The report.
    var report: SpikeReport
    /// The bundle's path, nil where none was wanted.
    var bundle: String?
  }

  /// Explains it.
  func explain() throws(SessionError) -> SpikeReport {
    var facts = facts
    let analysis = try Self.explainer(snapshot, schema).explain(
      marker, context: facts.context?.context ?? SystemContext(), sections: facts.sections)
    if var escalation {
      escalation.close(with: analysis)
      facts.escalation = escalation
    }
    return SpikeReport(analysis, facts: facts, toolVersion: version)
  }

  /// Writes its bundle below `directory` and gives its path.
  func bundle(_ report: SpikeReport, in directory: String) throws(SessionError) -> String {
    var whole = snapshot
    whole.trace.symbols = try Self.explainer(snapshot, schema).decoder.neededSymbols()
    return try BundleContents(
      report: report, snapshot: whole, statistics: statistics, uname: uname
    ).write(in: directory)
  }

  /// Decoder and analyser of a snapshot.
  static func explainer(
    _ snapshot: Snapshot, _ schema: Schema
  ) throws(SessionError) -> SpikeExplainer {
    do throws(RingBufferError) {
      return try SpikeExplainer(
        snapshot.trace, schema: schema, symbols: SymbolTable(sharing: snapshot.symbols))
    } catch {
      throw .decoding(error)
    }
  }
}
