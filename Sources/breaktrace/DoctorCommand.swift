import ArgumentParser
import Report
import Session

/// `breaktrace doctor`
struct DoctorCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show which causes this kernel can prove, and which settings impair a measurement.",
    discussion: """
      Reports for each class of causes whether it can be proven, suspected or not detected here, why, and the one kernel \
      option or privilege that would change it. Then lists the settings that add latency or falsify a measurement. \
      Nothing is changed. The tracers that the kernel lists are tried for a moment, unless a run is measuring.

      Examples:
        breaktrace doctor
        breaktrace doctor --format json | python3 -m json.tool

      Exit status: 0: everything was checked; 1: an error; 3: tracing cannot be used, so nothing can be proven; 64: \
      invalid command line.
      """)

  @Option(help: "Output format: text, markdown or json.")
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
