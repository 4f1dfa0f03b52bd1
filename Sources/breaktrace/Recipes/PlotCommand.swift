import ArgumentParser
import Glibc
import Report

/// `breaktrace plot`
struct PlotCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draws histograms of latencies, as SVG or in the terminal.",
    discussion: """
      Reads the output of `cyclictest -h` (text, or the file of --json), jitterdebugger's JSON, and bundles and \
      reports of breaktrace. Several files are laid over each other, each with a legend; --kind combined puts many \
      systems in one picture, --kind over-time the runs of one system next to each other. Counts are logarithmic.

      Examples:
        breaktrace -S -p 99 -i 200 -h 400 -q -D 60 >run.txt; breaktrace plot run.txt
        breaktrace plot --threads --svg run.svg run.txt
        breaktrace plot --svg both.svg --labels idle,loaded idle.txt loaded.txt
        breaktrace plot --kind combined --log-x --svg farm.svg rack*.json
        breaktrace plot --kind over-time --svg month.svg 2026-11-*.txt

      Exit status: 0, or 1 where a file cannot be read or written, 64 for a wrong command line.
      """)

  @Argument(help: "Files, or bundles (directories).")
  var files: [String]

  @Option(help: "overlay, combined or over-time.")
  var kind = PlotKind.overlay

  @Option(
    help:
      "Write the plot to this file as SVG; - is standard output. Without it the terminal shows it.")
  var svg: String?

  @Option(help: "The heading.")
  var title = "Latencies"

  @Option(help: "Names for the legend in the order of the files, separated by commas.")
  var labels: String?

  @Option(name: .customLong("max"), help: "End of the latency axis in us.")
  var limit: Int64?

  @Flag(name: .customLong("log-x"), help: "Make the latency axis logarithmic too.")
  var hasLogarithmicLatency = false

  @Flag(help: "Draw each thread on its own instead of the sum of a file.")
  var threads = false

  @Option(help: "Columns of the terminal's plot.")
  var width = 80

  @Option(help: "Rows of the terminal's plot.")
  var height = 24

  mutating func validate() throws {
    if let limit, !(1...1_000_000_000).contains(limit) {
      throw ValidationError("--max: \(limit) is not between 1 and 1000000000")
    }
    guard (40...1_000).contains(width), (10...500).contains(height) else {
      throw ValidationError("--width is 40 to 1000, --height 10 to 500")
    }
  }

  mutating func status() -> ExitStatus {
    do throws(UsageError) {
      let plot = LatencyPlot(
        title: title, kind: kind.kind, series: try series(), limit: limit,
        hasLogarithmicLatency: hasLogarithmicLatency)
      switch svg {
      case nil: Console.output(plot.terminal(columns: width, rows: height))
      case "-"?: Console.output(plot.svg)
      case let path?: try TextFile.write(plot.svg, to: path)
      }
      return .success
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
  }

  private func series() throws(UsageError) -> [PlotSeries] {
    let names = labels?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if let names, names.count != files.count {
      throw UsageError(
        "--labels", "\(names.count) names for \(files.count) files", hint: "give one for each")
    }
    var all: [PlotSeries] = []
    for (position, file) in files.enumerated() {
      let found = try PlotInput.read(file)
      let label = names?[position] ?? PlotInput.label(of: file)
      // One file alone shows its threads.
      let splits = threads || (files.count == 1 && kind == .overlay && found.count <= 8)
      if splits, found.count > 1 {
        all += found.map { series in
          var series = series
          if files.count > 1 || names != nil { series.label = "\(label): \(series.label)" }
          return series
        }
      } else {
        all.append(PlotSeries.sum(found, label: label))
      }
    }
    return all
  }
}

/// The kinds of plots as words of the command line.
enum PlotKind: String, ExpressibleByArgument, CaseIterable {
  case overlay, combined
  case overTime = "over-time"

  /// The kind that is drawn.
  var kind: LatencyPlot.Kind {
    switch self {
    case .overlay: .overlay
    case .combined: .combined
    case .overTime: .overTime
    }
  }
}
