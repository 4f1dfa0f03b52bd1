import ArgumentParser
import Tracefs

/// `breaktrace disarm`
struct DisarmCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "disarm",
    abstract: "Undo the changes that killed runs left in tracefs.",
    discussion: """
      Removes the instances of dead runs and restores the global settings that they had changed. Live runs and the \
      tracing of other tools are never touched.

      Examples:
        breaktrace disarm
        breaktrace status; breaktrace disarm

      Exit status: 0: everything is restored; 1: something is not; 3: cannot read tracefs; 64: invalid command line.
      """)

  mutating func status() -> ExitStatus {
    do throws(TracefsError) {
      guard let root = try TracefsRoot.find() else {
        Console.output("tracefs is not mounted, nothing to disarm\n")
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
