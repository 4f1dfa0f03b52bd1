internal import Analysis
internal import Glibc
internal import Report
internal import SystemPackage
internal import TraceFile
internal import TraceModel

/// What a bundle holds and how it is written.
struct BundleContents {
  /// How the names of bundles begin.
  static let prefix = "breaktrace-"
  static let histogram = "histogram.txt"
  static let facts = "machine.json"

  /// The list for the report.
  static let attachments = [
    Attachment(name: "trace.dat", text: "the buffers of all CPUs, for trace-cmd and KernelShark"),
    Attachment(name: "report.json", text: "this report as JSON"),
    Attachment(name: "report.md", text: "this report as Markdown"),
    Attachment(name: "histogram.txt", text: "latencies of all threads up to the spike"),
    Attachment(name: "machine.json", text: "machine, run, settings and counters"),
    Attachment(name: "SHA256SUMS", text: "checksums for sha256sum -c"),
  ]

  var report: SpikeReport
  var snapshot: Snapshot
  var statistics: [ThreadStatistics]
  var uname: String

  /// The bundle's name: class and latency of the spike.
  var name: String {
    let analysis = report.analysis
    return Self.prefix + "\(analysis.culprit.culprit.rawValue)-"
      + "\(analysis.sample.latency.microseconds)us-cpu\(analysis.sample.cpu)"
  }

  /// Removes a bundle of this run: the files that its manifest names, then the directory if it is
  /// empty.
  static func remove(_ path: String) {
    guard let bundle = try? Bundle(path) else { return }
    for file in bundle.files + [BundleWriter.manifestName] { unlink(bundle.path(of: file)) }
    rmdir(path)
  }

  /// Writes it below `directory` and gives its path.
  func write(in directory: String) throws(SessionError) -> String {
    let texts: (json: String, facts: String, line: String)
    do throws(ReportError) {
      texts = (try report.json, try report.facts.json, try report.facts.line)
    } catch {
      throw .report(error)
    }
    return try write(in: directory, json: texts.json, facts: texts.facts, line: texts.line)
  }

  private func write(
    in directory: String, json: String, facts: String, line: String
  ) throws(SessionError) -> String {
    do throws(TraceFileError) {
      var bundle = try BundleWriter(name: name, in: directory)
      try bundle.add("report.txt", text: report.text)
      try bundle.add("report.md", text: report.markdown)
      try bundle.add("report.json", text: json)
      try bundle.add(Self.histogram, text: CyclictestText().histogram(statistics))
      try bundle.add(Self.facts, text: facts)
      var writer = TraceDatWriter(snapshot.trace)
      writer.uname = uname
      writer.producer = "breaktrace \(report.toolVersion)"
      writer.facts = line
      try bundle.add(Bundle.trace) { (file, path) throws(TraceFileError) in
        try writer.write(to: file, path: path)
      }
      return try bundle.finish()
    } catch {
      throw .file(error)
    }
  }
}
