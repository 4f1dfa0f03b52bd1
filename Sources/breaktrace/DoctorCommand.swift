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

      Examples:
        breaktrace doctor
        breaktrace doctor --format json | python3 -m json.tool

      Exit status: 0: looked at everything; 1: an error; 3: tracing cannot be used, so nothing could be proven; 64: the \
      command line is wrong.
      """)

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  mutating func status() -> ExitStatus {
    let report = Doctor(version: Version.text).examine()
    guard
      format.write(
        text: report.text, markdown: report.markdown,
        json: { () throws(ReportError) in try report.json })
    else { return .failure }
    return report.tracing.obstacle == nil ? .success : .refused
  }
}
