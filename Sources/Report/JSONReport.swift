/// Renders reports as JSON, schema 1: one object for one spike, `{"spikes": [...]}` for several.
///
/// Keys are sorted, times are integers in ns; equal reports give equal bytes.
public enum JSONReport {
  private struct Several: Encodable {
    var schema = 1
    var spikes: [ReportRecord]
  }

  /// The JSON text of the reports, with a line end after it.
  public static func render(_ reports: [SpikeReport]) throws(ReportError) -> String {
    if reports.count == 1, let report = reports.first {
      return try StableJSON.text(ReportRecord(report))
    }
    return try StableJSON.text(Several(spikes: reports.map(ReportRecord.init)))
  }
}
