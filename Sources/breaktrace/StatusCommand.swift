import ArgumentParser
import Tracefs

/// `breaktrace status`
struct StatusCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show who uses tracefs, and what dead runs left.",
    discussion: """
      Nothing is changed.

      Examples:
        breaktrace status
        breaktrace status || breaktrace disarm

      Exit status: 0: nothing is left; 1: something is left, `breaktrace disarm` removes it; 3: cannot read tracefs; 64: \
      invalid command line.
      """)

  mutating func status() -> ExitStatus {
    do throws(TracefsError) {
      guard let root = try TracefsRoot.find() else {
        Console.output("tracefs is not mounted, nothing uses it\n")
        return .success
      }
      let status = try TracefsStatus.read(root: root)
      Console.output(StatusText.text(status))
      return status.needsDisarm ? .failure : .success
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }
}
