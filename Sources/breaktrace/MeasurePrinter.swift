import Measurement
import Report
import Session
import SystemPackage
import TraceModel

/// Prints what a run tells: the live view, samples, reports and the summary.
final class MeasurePrinter {
  private let options: CyclictestOptions
  private let dialect: Dialect
  private let plan: SessionPlan
  private let text: CyclictestText
  private var live: LiveView?
  /// Recorded cycles printed so far, by thread.
  private var printed: [UInt64]

  init(options: CyclictestOptions, dialect: Dialect, plan: SessionPlan) {
    self.options = options
    self.dialect = dialect
    self.plan = plan
    text = CyclictestText(nanoseconds: options.nanoseconds, sumColumn: options.histogramSum)
    printed = plan.measurement.threads.map { _ in 0 }
    if plan.progressInterval != nil, !options.verbose { live = LiveView(text: text) }
  }

  /// What stands at the very beginning.
  func begin() {
    if let value = plan.measurement.dmaLatency {
      let line = CyclictestText.dmaLatencyLine(microseconds: value)
      if dialect == .cyclictest { Console.output(line) }
    }
  }

  var observer: SessionObserver {
    var observer = SessionObserver()
    observer.progress = { [self] in live?.show($0) }
    observer.samples = { [self] in samples(thread: $0, $1, lost: $2) }
    observer.spike = { [self] in spike($0) }
    observer.bundle = { Console.error("breaktrace: bundle \($0)") }
    observer.remark = { Console.error("breaktrace: \($0)") }
    observer.summaryRequested = { [self] in Console.error(text.summary($0)) }
    return observer
  }

  private func samples(thread: Int, _ samples: [MeasuredSample], lost: UInt64) {
    var lines = ""
    for sample in samples {
      lines += text.verboseLine(
        thread: thread, cycle: printed[thread], latency: sample.latency)
      printed[thread] += 1
    }
    Console.output(lines)
    if lost > 0 { Console.error("breaktrace: thread \(thread): \(lost) values lost so far") }
  }

  private func spike(_ report: SpikeReport) {
    live?.clear()
    guard dialect == .breaktrace else {
      Console.error("breaktrace: \(report.headline)")
      return
    }
    if plan.spikes > 1 {
      // All of them stand in the table at the end, the worst as a whole.
      Console.error("breaktrace: \(report.headline)")
      return
    }
    let format = OutputFormat(rawValue: options.format.rawValue) ?? .text
    do {
      Console.output(try format.render([report]) + "\n")
    } catch {
      Console.error("breaktrace: \(error)")
    }
  }

  /// What stands at the end.
  func finish(_ result: SessionResult) {
    live?.clear()
    // A report in JSON is the only thing on standard output.
    if dialect == .breaktrace, options.format == .json, !result.spikes.isEmpty {
      if plan.spikes > 1 {
        do {
          Console.output(try JSONReport.render(result.spikes.map(\.report)) + "\n")
        } catch {
          Console.error("breaktrace: \(error)")
        }
      }
      return
    }
    if options.histogram == nil || !options.quiet, !options.verbose {
      Console.output(text.summary(result.statistics))
    }
    if options.histogram != nil {
      Console.output(text.histogram(result.statistics, overflowCycles: result.overflowCycles))
    }
    if let hit = result.hit {
      Console.output(
        text.breakLines(tids: result.statistics.map(\.tid), thread: hit.tid, latency: hit.latency))
    }
    if plan.spikes > 1, dialect == .breaktrace { summary(result) }
  }

  /// The worst spike's report and the table of all.
  private func summary(_ result: SessionResult) {
    guard let worst = result.spikes.max(by: { $0.hit.latency < $1.hit.latency }) else { return }
    Console.output("\n")
    switch options.format {
    case .markdown:
      Console.output(worst.report.markdown + "\n" + MarkdownText.render(result.table.document))
    default: Console.output(worst.report.text + "\n" + result.table.text)
    }
  }
}
