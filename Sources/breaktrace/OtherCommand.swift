import Glibc
import Recorded
import Report

/// Which other command has an answer for a file that this one cannot use, as a sentence with its
/// command line.
enum OtherCommand {
  /// For a file that is not a trace: `plot`, where it is a histogram.
  static func plot(_ path: String) -> String? {
    // Looking into a FIFO or device would wait for whoever writes there.
    var state = stat()
    guard path != "-", stat(path, &state) == 0, state.st_mode & S_IFMT == S_IFREG,
      state.st_size < 64 << 20,
      let series = try? PlotInput.read(path, looksFurther: false), !series.isEmpty
    else { return nil }
    return "this is a histogram; draw it with `breaktrace plot \(ShellWord.quoted(path))`"
  }

  /// For a trace in which nothing is marked as late: `runq`, where it has the switches of its
  /// tasks.
  static func runq(_ path: String, in trace: RecordedTrace) -> String? {
    guard trace.hasSwitches else { return nil }
    return
      "`breaktrace runq --threshold 1000 --file \(ShellWord.quoted(path))` shows the scheduling "
      + "latencies of all tasks"
  }

  /// For a file without switches, or without a histogram: `analyze`, where it explains something.
  static func analyze(_ path: String) -> String? {
    // Standard input was read already.
    guard path != "-", let trace = try? RecordedTrace(path: path),
      !trace.analyze(AnalyzeRequest(), toolVersion: "").reports.isEmpty
    else { return nil }
    return "explain it with `breaktrace analyze \(ShellWord.quoted(path))`"
  }
}

/// A word of a command line.
enum ShellWord {
  /// The word as a POSIX shell takes it: in single quotes where it needs them.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122: true
      default: "/._-+,:@%".utf8.contains(byte)
      }
    }
    guard !plain || word.isEmpty else { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}
