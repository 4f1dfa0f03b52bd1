import ArgumentParser
import Report
import Session

/// The faces of a report.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, markdown, json

  /// Writes the face of something that has all three; false where it could not be made.
  func write(
    text: @autoclosure () -> String, markdown: @autoclosure () -> String,
    json: () throws(ReportError) -> String
  ) -> Bool {
    do throws(ReportError) {
      switch self {
      case .text: Console.output(text())
      case .markdown: Console.output(markdown())
      case .json: Console.output(try json())
      }
      return true
    } catch {
      Console.error("breaktrace: \(error)")
      return false
    }
  }

  /// Renders the reports; several are one JSON object or one after the other.
  func render(_ reports: [SpikeReport]) throws(ReportError) -> String {
    switch self {
    case .text: reports.map(\.text).joined(separator: "\n")
    case .markdown: reports.map(\.markdown).joined(separator: "\n")
    case .json: try JSONReport.render(reports)
    }
  }
}
