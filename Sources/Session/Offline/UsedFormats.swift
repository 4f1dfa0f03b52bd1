internal import RingBuffer
internal import TraceModel

/// The formats of the events that a trace holds.
///
/// A trace.dat carries the formats of all events of the kernel, thousands; reading them takes longer than
/// walking a million records, and few are needed.
enum UsedFormats {
  /// Fewer formats are not worth a walk over the records.
  private static let least = 64

  /// The trace with the formats of only those events that its records name, and one more to tell the common fields.
  static func only(in trace: RawTrace) -> RawTrace {
    guard trace.formats.count > least, let used = ids(in: trace) else { return trace }
    var result = trace
    result.formats = trace.formats.filter { format in
      guard let id = id(of: format.text) else { return true }
      return used[Int(id)] || (format.system == "ftrace" && id <= 5)
    }
    return result
  }

  /// The formats of the events that searches walk, and of the markers.
  static func searched(in formats: [FormatText]) -> [FormatText] {
    let names: [String: Set<String>] = [
      "ftrace": ["print"],
      "sched": ["sched_switch", "sched_waking", "sched_wakeup", "sched_wakeup_new"],
      "timer": ["hrtimer_start", "hrtimer_expire_entry"],
    ]
    let found = formats.filter { format in
      guard let wanted = names[format.system] else { return false }
      let line = format.text.utf8.prefix(80).prefix { $0 != 10 }
      return wanted.contains { line.elementsEqual(("name: " + $0).utf8) }
    }
    // The common fields are told by any of them.
    return found.isEmpty ? Array(formats.prefix(1)) : found
  }

  /// Which ids the records have; nil where the pages cannot be walked.
  private static func ids(in trace: RawTrace) -> [Bool]? {
    var bare = trace
    bare.formats = Array(trace.formats.prefix { $0.system == "ftrace" }.prefix(1))
    bare.symbols = ""
    guard !bare.formats.isEmpty, let decoder = try? TraceDecoder(trace: bare) else { return nil }
    var used = [Bool](repeating: false, count: 1 << 16)
    for cpu in decoder.cpus {
      decoder.forEachRecord(cpu: cpu) { _, record in used[Int(record.id)] = true }
    }
    return used
  }

  /// The number behind `ID:` at the begin of the second line.
  private static func id(of text: String) -> UInt16? {
    var bytes = text.utf8.prefix(256)
    while let line = bytes.firstIndex(of: 10) {
      bytes = bytes[bytes.index(after: line)...]
      guard bytes.starts(with: [73, 68, 58]) else { continue }
      var value: UInt32 = 0
      var digits = 0
      for byte in bytes.dropFirst(3).drop(while: { $0 == 32 }).prefix(6) {
        guard byte >= 48, byte <= 57 else { break }
        value = value * 10 + UInt32(byte - 48)
        digits += 1
      }
      return digits > 0 ? UInt16(exactly: value) : nil
    }
    return nil
  }
}
