public import Analysis
public import TraceModel

/// The summary of a campaign of several spikes.
public struct SpikeTable: Encodable, Hashable, Sendable {
  /// One spike of the campaign.
  public struct Row: Encodable, Hashable, Sendable {
    /// Number of the spike, from 1.
    public var number: Int
    /// When: time since the start of the measurement.
    public var time: Nanoseconds
    /// CPU of the measuring thread.
    public var cpu: Int
    /// The latency.
    public var latency: Nanoseconds
    /// The culprit's class.
    public var culprit: String
    /// The culprit's name, empty for none.
    public var name: String
    /// The confidence word.
    public var confidence: String
    /// How long tracing was disabled for this spike, nil where it was not measured.
    public var deadTime: Nanoseconds?
    /// The bundle's directory, nil where none was written.
    public var bundle: String?
    /// The report's headline.
    public var headline: String

    private enum CodingKeys: String, CodingKey {
      case number, cpu, name, confidence, bundle, headline
      case time = "time_ns"
      case latency = "latency_ns"
      case culprit = "class"
      case deadTime = "dead_time_ns"
    }
  }

  /// Sum over the spikes of one class.
  public struct ClassSum: Encodable, Hashable, Sendable {
    /// The class.
    public var culprit: String
    /// Number of spikes.
    public var count: Int
    /// The largest latency.
    public var largest: Nanoseconds
    /// The function that most of their stacks have in common, nil where there is none.
    public var common: String?
    /// The spikes whose stack holds it.
    public var commonCount: Int?

    private enum CodingKeys: String, CodingKey {
      case count, common
      case culprit = "class"
      case largest = "largest_ns"
      case commonCount = "common_count"
    }
  }

  /// The spikes in the order in which they came.
  public private(set) var rows: [Row] = []
  /// Sums by class, most spikes first, equal ones by name.
  public private(set) var classes: [ClassSum] = []
  /// The largest latency.
  public private(set) var largest = Nanoseconds.zero
  /// Sum of the dead times.
  public private(set) var deadTime = Nanoseconds.zero

  /// The stacks of each class.
  private var paths: [String: CommonPath] = [:]

  private enum CodingKeys: String, CodingKey {
    case rows = "spikes"
    case classes
    case largest = "largest_ns"
    case deadTime = "dead_time_ns"
  }

  /// Empty.
  public init() {}

  /// Takes a bundle out of the table, because it was removed in favour of a worse spike.
  public mutating func forget(bundle: String) {
    for index in rows.indices where rows[index].bundle == bundle { rows[index].bundle = nil }
  }

  /// Adds a spike; `time` is counted from the start of the measurement.
  public mutating func add(
    _ analysis: SpikeAnalysis, time: Nanoseconds, deadTime: Nanoseconds? = nil,
    bundle: String? = nil
  ) {
    let row = Row(
      number: rows.count + 1, time: time, cpu: analysis.sample.cpu,
      latency: analysis.sample.latency, culprit: analysis.culprit.culprit.rawValue,
      name: analysis.culprit.name, confidence: analysis.culprit.confidence.rawValue,
      deadTime: deadTime, bundle: bundle, headline: Wording(analysis).headline)
    rows.append(row)
    largest = max(largest, row.latency)
    self.deadTime += deadTime ?? .zero
    if let index = classes.firstIndex(where: { $0.culprit == row.culprit }) {
      classes[index].count += 1
      classes[index].largest = max(classes[index].largest, row.latency)
    } else {
      classes.append(ClassSum(culprit: row.culprit, count: 1, largest: row.latency))
    }
    paths[row.culprit, default: CommonPath()].add(analysis)
    if let index = classes.firstIndex(where: { $0.culprit == row.culprit }) {
      let function = paths[row.culprit]?.function
      classes[index].common = function?.name
      classes[index].commonCount = function?.count
    }
    classes.sort { ($1.count, $0.culprit) < ($0.count, $1.culprit) }
  }

  /// The table as a document.
  public var document: Document {
    let line =
      Quantity.count(rows.count, "spike") + ", the largest \(Quantity.us(largest)) us"
    let spikes = Document.Table(
      columns: [
        .init("#", .right), .init("s", .right), .init("CPU", .right), .init("us", .right),
        .init("dead us", .right), .init("verdict"),
      ],
      rows: rows.map { row in
        [
          "\(row.number)", Quantity.seconds(row.time), "\(row.cpu)", Quantity.us(row.latency),
          row.deadTime.map(Quantity.us) ?? "-",
          "\(row.culprit) \(row.name)".trimmed + ", \(row.confidence)"
            + (row.bundle.map { "; \($0)" } ?? ""),
        ]
      },
      total: [
        "", "", "", Quantity.us(largest), Quantity.us(deadTime), "largest and sum of dead time",
      ])
    let sums = Document.Table(
      columns: [
        .init("spikes", .right), .init("largest us", .right), .init("class"),
        .init("common function"),
      ],
      rows: classes.map { sum in
        let common = sum.common.map { "\($0) (\(sum.commonCount ?? 0))" } ?? "-"
        return ["\(sum.count)", Quantity.us(sum.largest), sum.culprit, common]
      })
    return Document(
      subject: "breaktrace: " + Quantity.count(rows.count, "spike"), headline: line,
      sections: rows.isEmpty
        ? []
        : [
          Document.Section("Spikes", [.table(spikes)]),
          Document.Section("By class", [.table(sums)]),
        ])
  }

  /// The table as plain text.
  public var text: String { MailText.render(document) }

  /// The table as JSON.
  public var json: String { get throws(ReportError) { try StableJSON.text(self) } }
}

extension String {
  /// Without blanks at the end.
  fileprivate var trimmed: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
