/// A report as a small tree, without layout.
public struct Document: Hashable, Sendable {
  /// The subject line of a mail, shorter than the headline.
  public var subject: String
  /// The report in one sentence; empty where the lead says it.
  public var headline: String
  /// What a reader has to see first, below the headline.
  public var lead: [Block]
  /// What follows.
  public var sections: [Section]

  /// Memberwise; without `lead` the sections follow the headline.
  public init(subject: String, headline: String, lead: [Block] = [], sections: [Section]) {
    self.subject = subject
    self.headline = headline
    self.lead = lead
    self.sections = sections
  }

  /// A part with a title.
  public struct Section: Hashable, Sendable {
    /// The title.
    public var title: String
    /// What it consists of.
    public var blocks: [Block]

    /// Memberwise.
    public init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  /// A piece of a section.
  public enum Block: Hashable, Sendable {
    /// Prose, wrapped by the renderer.
    case paragraph(String)
    /// Terms with their texts.
    case definitions([Definition])
    /// A list of short texts.
    case list([String])
    /// Rows and columns.
    case table(Table)
    /// Lines that keep their layout whatever their length: trace lines, stacks.
    case preformatted([String])
  }

  /// A term and its text.
  public struct Definition: Hashable, Sendable {
    /// The term.
    public var term: String
    /// Its text.
    public var text: String

    /// Memberwise.
    public init(_ term: String, _ text: String) {
      self.term = term
      self.text = text
    }
  }

  /// Rows and columns of texts; a renderer may wrap the last column.
  public struct Table: Hashable, Sendable {
    /// To which side a column's texts are aligned.
    public enum Alignment: Hashable, Sendable {
      /// Texts.
      case left
      /// Numbers.
      case right
    }

    /// A column.
    public struct Column: Hashable, Sendable {
      /// Its header.
      public var title: String
      /// Its alignment.
      public var alignment: Alignment

      /// Memberwise; omitted arguments are empty, zero or unknown.
      public init(_ title: String, _ alignment: Alignment = .left) {
        self.title = title
        self.alignment = alignment
      }
    }

    /// The columns.
    public var columns: [Column]
    /// The rows; each has as many texts as there are columns.
    public var rows: [[String]]
    /// A last row that sums the others up, nil for none.
    public var total: [String]?

    /// Memberwise; omitted arguments are empty, zero or unknown.
    public init(columns: [Column], rows: [[String]], total: [String]? = nil) {
      self.columns = columns
      self.rows = rows
      self.total = total
    }
  }
}
