import Analysis
import ArgumentParser
import Report
import Session
import TraceFile

/// `breaktrace analyze`
struct AnalyzeCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Explains the spikes of a bundle or a trace.dat.",
    discussion: """
      Examples:
        breaktrace analyze breaktrace-hypervisor-1485us-cpu1
        breaktrace analyze --format json trace.dat | python3 -m json.tool
      """)

  @Argument(help: "Bundles (directories) or trace.dat files.")
  var files: [String]

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  @Flag(help: "Every break of a file, not only the last.")
  var all = false

  mutating func status() -> ExitStatus {
    var reports: [SpikeReport] = []
    var failed = false
    for file in files {
      do throws(SessionError) {
        let recorded = try RecordedTrace(path: file)
        for problem in recorded.problems { Console.error("breaktrace: \(file): \(problem)") }
        let found = try recorded.reports(all: all, toolVersion: Version.text)
        if found.isEmpty {
          failed = true
          Console.error(
            "breaktrace: \(file): no break in it: it has no marker with the text "
              + "`hit latency threshold` that tells a wake-up")
        }
        reports += found
      } catch {
        failed = true
        Console.error("breaktrace: \(error)")
      }
    }
    if !reports.isEmpty {
      do {
        Console.output(try format.render(reports))
      } catch {
        Console.error("breaktrace: \(error)")
        return .failure
      }
    }
    if failed { return .failure }
    return reports.contains { !$0.analysis.trace.isComplete } ? .incomplete : .success
  }
}
