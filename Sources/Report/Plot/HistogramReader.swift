import FoundationEssentials

/// Reads histograms of cyclictest (text and `--json`), rtla, jitterdebugger and breaktrace, and the
/// single latencies of `cyclictest -v`.
public enum HistogramReader {
  /// What a file holds.
  public enum Content: Hashable, Sendable {
    /// One series a thread or CPU.
    case series([PlotSeries])
    /// A report of breaktrace, whose histogram is in the file of this name beside it.
    case reference(String)
  }

  /// Reads the text of a file; `name` is used in messages.
  ///
  /// Throws where the text is none of the formats or holds no latency.
  public static func read(_ text: String, name: String) throws(ReportError) -> Content {
    let start = text.utf8.first { $0 > 32 }
    if start == UInt8(ascii: "{") { return try json(text, name) }
    if RtlaHistogram.isOne(text) { return .series(try RtlaHistogram.read(text, name: name)) }
    do throws(ReportError) {
      return .series(try CyclictestHistogram.read(text, name: name))
    } catch {
      let latencies = VerboseLatencies.read(text)
      guard latencies.contains(where: { !$0.points.isEmpty }) else { throw error }
      return .series(latencies)
    }
  }

  private struct Thread: Decodable {
    var histogram: [String: Double]?
    var min: Double?
    var max: Double?
    var avg: Double?
    var cycles: Double?
    var count: Double?
  }

  private struct Run: Decodable {
    var histogramFile: String?

    private enum CodingKeys: String, CodingKey { case histogramFile = "histogram_file" }
  }

  private struct File: Decodable {
    var thread: [String: Thread]?
    var cpu: [String: Thread]?
    var nanoseconds: Int?
    var run: Run?
    var spikes: [Spike]?

    struct Spike: Decodable { var run: Run? }

    private enum CodingKeys: String, CodingKey {
      case thread, cpu, run, spikes
      case nanoseconds = "resolution_in_ns"
    }
  }

  private static func json(_ text: String, _ name: String) throws(ReportError) -> Content {
    let file: File
    do {
      // rt-tests divides by a count of 0 and prints what C prints.
      let clean = text.replacing(": -nan", with: ": null").replacing(": nan", with: ": null")
      file = try JSONDecoder().decode(File.self, from: Data(clean.utf8))
    } catch {
      throw refusal(name, "is not JSON with latencies: \(error)")
    }
    if let path = file.run?.histogramFile ?? file.spikes?.compactMap({ $0.run?.histogramFile }).last
    {
      return .reference(path)
    }
    guard let threads = file.thread ?? file.cpu, !threads.isEmpty else {
      throw refusal(name, "contains neither `thread` nor `cpu`")
    }
    let what = file.thread == nil ? "CPU" : "thread"
    let divisor: Double = file.nanoseconds == 1 ? 1_000 : 1
    let series = threads.sorted { (Int($0.key) ?? .max, $0.key) < (Int($1.key) ?? .max, $1.key) }
      .map { key, thread in self.series("\(what) \(key)", thread, divisor) }
    guard series.contains(where: { !$0.points.isEmpty }) else {
      throw refusal(name, "contains no histogram, measure with -h")
    }
    return .series(series)
  }

  private static func series(_ label: String, _ thread: Thread, _ divisor: Double) -> PlotSeries {
    let points = (thread.histogram ?? [:]).compactMap { key, count -> PlotSeries.Point? in
      guard let microseconds = Int64(key), let count = UInt64(exactly: count.rounded()) else {
        return nil
      }
      return PlotSeries.Point(microseconds: microseconds, count: count)
    }
    let counted = points.reduce(UInt64(0)) { $0 &+ $1.count }
    let cycles =
      (thread.cycles ?? thread.count).flatMap { UInt64(exactly: $0.rounded()) } ?? counted
    return PlotSeries(
      label: label, points: points, overflows: cycles > counted ? cycles - counted : 0,
      minimum: thread.min.flatMap { Int64(exactly: ($0 / divisor).rounded(.down)) },
      average: thread.avg.map { $0 / divisor },
      maximum: thread.max.flatMap { Int64(exactly: ($0 / divisor).rounded(.down)) })
  }

  static func refusal(_ name: String, _ reason: String) -> ReportError {
    ReportError(
      operation: "plot", subject: name, reason: reason,
      hint:
        "readable are histograms of cyclictest -h (text or --json), rtla timerlat hist and rtla osnoise "
        + "hist, latencies of cyclictest -v, JSON of jitterdebugger, and bundles and reports of "
        + "breaktrace")
  }
}
