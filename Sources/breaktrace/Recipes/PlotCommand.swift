import ArgumentParser
import Glibc
import Report

/// `breaktrace plot`
struct PlotCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Plot latency histograms as SVG or in the terminal.",
    discussion: """
      Reads the output of `cyclictest -h` (text, or the file written by --json), `cyclictest -v`, `rtla timerlat hist` \
      and `rtla osnoise hist`, the JSON output of jitterdebugger, and bundles and reports of breaktrace. Several files \
      are drawn over each other with a legend. --kind combined shows many systems in one plot, and --kind over-time \
      shows the runs of one system side by side. Counts are logarithmic.

      Examples:
        breaktrace -S -p 99 -i 200 -h 400 -q -D 60 >run.txt; breaktrace plot run.txt
        breaktrace plot --threads --svg run.svg run.txt
        breaktrace plot --svg both.svg --labels idle,loaded idle.txt loaded.txt
        breaktrace plot --kind combined --log-x --svg farm.svg rack*.json
        breaktrace plot --kind over-time --svg month.svg 2026-11-*.txt

      Exit status: 0: success; 1: cannot read or write a file; 64: invalid command line.
      """)

  @Argument(help: "Files or bundles (directories).")
  var files: [String]

  @Option(help: "Kind of the plot: overlay, combined or over-time.")
  var kind = PlotKind.overlay

  @Option(
    help:
      "Write the plot to this file as SVG. - is standard output. Default: draw in the terminal.")
  var svg: String?

  @Option(help: "Set the title.")
  var title = "Latencies"

  @Option(help: "Set the names in the legend: a comma-separated list in the order of the files.")
  var labels: String?

  @Option(name: .customLong("max"), help: "End the latency axis at this value in us.")
  var limit: Int64?

  @Flag(name: .customLong("log-x"), help: "Use a logarithmic latency axis.")
  var hasLogarithmicLatency = false

  @Flag(help: "Draw each thread separately instead of the sum of a file.")
  var threads = false

  @Option(help: "Width of the plot in the terminal, in columns.")
  var width = 80

  @Option(help: "Height of the plot in the terminal, in rows.")
  var height = 24

  mutating func validate() throws {
    if let limit, !(1...1_000_000_000).contains(limit) {
      throw ValidationError("invalid argument '\(limit)' for --max: expected 1 to 1000000000 us")
    }
    guard (40...1_000).contains(width), (10...500).contains(height) else {
      throw ValidationError(
        "invalid size: expected --width from 40 to 1000 and --height from 10 to 500")
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
        "--labels", "\(names.count) names for \(files.count) files", hint: "give one name per file")
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
        all += PlotSeries.sums(found, label: label)
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
