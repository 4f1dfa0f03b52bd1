internal import SystemPackage

/// One thing that a run changed, as its journal reports.
struct JournalRecord: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// A file's value was replaced.
    case value
    /// A tracefs was mounted at the path.
    case mount
    /// A synthetic event was defined; `new` is its name.
    case synthetic
  }

  var id: Int
  var kind: Kind
  /// CLOCK_MONOTONIC in ns: the order of the changes of all runs.
  var time: Int64
  var path: String
  /// What was there.
  var old: String
  /// What was written.
  var new: String
  /// What the kernel made of it, where that differs.
  var got: String?
  /// What an earlier run found, handed over by it: to be restored in place of `old`.
  var base: String?
  var isUndone = false

  /// The value that is ours.
  var ours: String { got ?? new }
  /// The value to restore.
  var target: String { base ?? old }
}

/// The journal of one run: lines of fields between tabs, one written and on the disk before each
/// change.
struct JournalFile: Hashable, Sendable {
  static let suffix = ".journal"
  private static let mark = "breaktrace-journal 1"

  var run: RunIdentity
  /// /proc/sys/kernel/random/boot_id: after a restart of the machine there is nothing to restore.
  var boot: String
  var records: [JournalRecord] = []

  var pending: [JournalRecord] { records.filter { !$0.isUndone } }
  var nextID: Int { (records.map(\.id).max() ?? 0) + 1 }

  static func name(_ run: RunIdentity) -> String { "\(run.pid).\(run.startTime)\(suffix)" }

  static func header(_ run: RunIdentity, boot: String) -> String {
    line([mark, boot, String(run.pid), String(run.startTime)])
  }

  static func line(_ record: JournalRecord) -> String {
    switch record.kind {
    case .value:
      line(["set", String(record.id), String(record.time), record.path, record.old, record.new])
    case .mount: line(["mount", String(record.id), String(record.time), record.path])
    case .synthetic:
      line(["define", String(record.id), String(record.time), record.path, record.new])
    }
  }

  static func line(_ fields: [String]) -> String {
    fields.map(escaped).joined(separator: "\t")
  }

  /// Reads a journal. The last line counts only with its line end: without it the crash came before
  /// the change. Lines that are damaged or unknown are passed over.
  init?(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.removeLast()
    guard let first = lines.first else { return nil }
    let header = Self.fields(first)
    guard header.count == 4, header[0] == Self.mark, let pid = Int32(header[2]),
      let start = UInt64(header[3])
    else { return nil }
    boot = header[1]
    run = RunIdentity(pid: pid, startTime: start)
    for line in lines.dropFirst() { read(Self.fields(line)) }
  }

  private mutating func read(_ fields: [String]) {
    // Runs count from 1; a number without a next one is damage.
    guard fields.count >= 2, let id = Int(fields[1]), id > 0, id < .max else { return }
    let index = records.firstIndex { $0.id == id }
    switch (fields[0], fields.count) {
    case ("set", 6):
      guard let time = Int64(fields[2]), index == nil else { return }
      records.append(
        JournalRecord(
          id: id, kind: .value, time: time, path: fields[3], old: fields[4], new: fields[5]))
    case ("mount", 4):
      guard let time = Int64(fields[2]), index == nil else { return }
      records.append(
        JournalRecord(id: id, kind: .mount, time: time, path: fields[3], old: "", new: ""))
    case ("define", 5):
      guard let time = Int64(fields[2]), index == nil else { return }
      records.append(
        JournalRecord(
          id: id, kind: .synthetic, time: time, path: fields[3], old: "", new: fields[4]))
    case ("got", 3): if let index { records[index].got = fields[2] }
    case ("base", 3): if let index { records[index].base = fields[2] }
    case ("undone", 2): if let index { records[index].isUndone = true }
    default: break
    }
  }

  private static func fields(_ line: Substring) -> [String] {
    line.split(separator: "\t", omittingEmptySubsequences: false).map(unescaped)
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static func unescaped(_ text: Substring) -> String {
    var result = ""
    var isEscaped = false
    for character in text.unicodeScalars {
      if isEscaped {
        let plain: Unicode.Scalar = character == "t" ? "\t" : character == "n" ? "\n" : character
        result.unicodeScalars.append(plain)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else {
        result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
