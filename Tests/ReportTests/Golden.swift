import Foundation
import Testing

/// Whole files that an output must equal; `RECORD_GOLDEN=1` writes them anew.
enum Golden {
  static func check(_ text: String, _ name: String, location: SourceLocation = #_sourceLocation)
    throws
  {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures").appending(path: name)
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: file)
    }
    let wanted = try String(contentsOf: file, encoding: .utf8)
    guard text != wanted else { return }
    let (got, want) = (
      text.split(separator: "\n", omittingEmptySubsequences: false),
      wanted.split(separator: "\n", omittingEmptySubsequences: false)
    )
    let line = zip(got, want).firstIndex { $0 != $1 } ?? min(got.count, want.count)
    Issue.record(
      """
      \(name) differs first in line \(line + 1):
      got    \(line < got.count ? String(got[line]) : "<end>")
      golden \(line < want.count ? String(want[line]) : "<end>")
      """, sourceLocation: location)
  }
}

extension Sequence {
  fileprivate func firstIndex(where test: (Element) -> Bool) -> Int? {
    for (index, element) in enumerated() where test(element) { return index }
    return nil
  }
}
