import ArgumentParser
import Report
import Session

/// `breaktrace doctor`
struct DoctorCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Shows what this kernel can prove, and what spoils a measurement.",
    discussion: """
      For each class of causes: whether it can be proven, suspected or not seen here, what decides that, and the one \
      option or privilege that would change it. Then the settings that add latency or falsify a measurement. Changes \
      nothing; tracers that the kernel lists are tried for a moment, unless a run measures just now.

      Exit status 0: looked at everything; 3: tracing cannot be used, so nothing could be proven.

      Examples:
        breaktrace doctor
        breaktrace doctor --format json | python3 -m json.tool
      """)

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  mutating func status() -> ExitStatus {
    let report = Doctor(version: Version.text).examine()
    do throws(ReportError) {
      switch format {
      case .text: Console.output(report.text)
      case .markdown: Console.output(report.markdown)
      case .json: Console.output(try report.json)
      }
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    return report.tracing.obstacle == nil ? .success : .refused
  }
}
