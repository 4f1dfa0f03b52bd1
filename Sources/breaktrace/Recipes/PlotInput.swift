import Glibc
import Report

/// The files that plots are made of.
enum PlotInput {
  /// The series of a file; of a bundle its histogram, of a report the histogram that it names.
  ///
  /// `looksFurther` lets the error say whether another command reads the file.
  static func read(
    _ path: String, looksFurther: Bool = true
  ) throws(UsageError) -> [PlotSeries] {
    var path = path
    var state = stat()
    if stat(path, &state) == 0, state.st_mode & S_IFMT == S_IFDIR {
      guard access(path + "/histogram.txt", F_OK) == 0 else {
        throw UsageError(
          path, "is a directory without histogram.txt", hint: "name a bundle or a file")
      }
      path += "/histogram.txt"
    }
    // A report may name a file; that file is read as it is.
    for _ in 0..<2 {
      let text = try TextFile.read(path)
      do throws(ReportError) {
        switch try HistogramReader.read(text, name: path) {
        case .series(let series): return series
        case .reference(let name):
          let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
          path = name.hasPrefix("/") ? name : (directory + [name[...]]).joined(separator: "/")
        }
      } catch {
        let other = looksFurther ? OtherCommand.analyze(path) : nil
        throw UsageError(
          path,
          other == nil ? error.reason : "is a trace, not a histogram", hint: other ?? error.hint)
      }
    }
    throw UsageError(path, "names another report as its histogram")
  }

  /// The name of a file without directory and ending, for the legend.
  static func label(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}
