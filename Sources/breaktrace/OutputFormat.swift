import ArgumentParser
import Report
import Session

/// The faces of a report.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, markdown, json

  /// Renders the reports; several are one JSON object or one after the other.
  func render(_ reports: [SpikeReport]) throws(ReportError) -> String {
    switch self {
    case .text: reports.map(\.text).joined(separator: "\n")
    case .markdown: reports.map(\.markdown).joined(separator: "\n")
    case .json: try JSONReport.render(reports)
    }
  }
}
