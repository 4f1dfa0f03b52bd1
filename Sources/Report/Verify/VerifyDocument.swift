/// Lays the score of injected faults out.
struct VerifyDocument {
  var report: VerifyReport

  var document: Document {
    Document(
      subject: "breaktrace verify: \(kernel)", headline: "\(kernel): \(report.headline)",
      sections: [score, otherwise, missing].compactMap { $0 })
  }

  private var kernel: String {
    (report.kernel.map { "Linux \($0)" } ?? "this kernel") + ", CPU \(report.cpu)"
  }

  private var score: Document.Section {
    let rows = report.faults.map { row in
      let hits = row.rounds.count
      let isMeasured = row.obstacle == nil
      func count(_ right: Int) -> String { hits == 0 ? "-" : "\(right)/\(hits)" }
      return [
        row.fault, isMeasured ? "\(hits)/\(report.rounds)" : "-", count(row.classRight),
        count(row.nameRight), row.wrongProven > 0 ? "\(row.wrongProven)" : ".",
        !isMeasured
          ? "not possible here" : hits == 0 ? "-" : Self.united(row.rounds.map(\.confidence)),
      ]
    }
    return Document.Section(
      "Score",
      [
        .table(
          Document.Table(
            columns: [
              .init("fault"), .init("hits", .right), .init("class", .right), .init("name", .right),
              .init("wrong", .right), .init("confidence"),
            ], rows: rows)),
        .paragraph(
          "Hits are spikes that the fault caused, of those requested. Class and name count how many of "
            + "these the report named correctly. Wrong counts wrong causes that it called proven."),
      ])
  }

  /// What the reports said where it was not the fault.
  private var otherwise: Document.Section? {
    let items = report.faults.flatMap { row in
      row.rounds.filter { !$0.isRight }.map { round in
        Document.Definition(
          row.fault, round.headline + (round.bundle.map { "; bundle \($0)" } ?? ""))
      }
    }
    return items.isEmpty ? nil : Document.Section("Other verdicts", [.definitions(items)])
  }

  /// Why faults were not injected or not hit, and what else came in between.
  private var missing: Document.Section? {
    let items = report.faults.compactMap { row -> Document.Definition? in
      var texts = [row.obstacle, row.shortfall].compactMap { $0 }
      if row.otherSpikes > 0 {
        texts.append(
          "\(Quantity.count(row.otherSpikes, "spike")) with another cause "
            + "\(row.otherSpikes == 1 ? "is" : "are") not counted")
      }
      return texts.isEmpty
        ? nil : Document.Definition(row.fault, texts.joined(separator: "; "))
    }
    return items.isEmpty ? nil : Document.Section("Remarks", [.definitions(items)])
  }

  /// Different words with their counts, most frequent first.
  static func united(_ words: [String]) -> String {
    var counts: [String: Int] = [:]
    for word in words { counts[word, default: 0] += 1 }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { word, count in
      count == words.count ? word : "\(word) \(count)x"
    }.joined(separator: ", ")
  }
}
