import ArgumentParser
import Tracefs

/// `breaktrace disarm`
struct DisarmCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "disarm",
    abstract: "Restores what runs that were killed left in tracefs.",
    discussion: """
      Removes instances of dead runs and restores the global values that they had changed. Live runs and other people's \
      tracing are never touched; a second call has nothing to do.

      Examples:
        breaktrace disarm
        breaktrace status; breaktrace disarm

      Exit status: 0: all is restored; 1: something could not be; 3: tracefs cannot be read; 64: the command line is wrong.
      """)

  mutating func status() -> ExitStatus {
    do throws(TracefsError) {
      guard let root = try TracefsRoot.find() else {
        Console.output("tracefs is not mounted: nothing to disarm\n")
        return .success
      }
      let report = Disarm.run(root: root)
      let lines = report.lines
      Console.output((lines.isEmpty ? ["nothing to disarm"] : lines).joined(separator: "\n") + "\n")
      return report.isClean ? .success : .failure
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }
}
