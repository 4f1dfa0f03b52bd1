internal import RingBuffer
internal import TraceModel

/// The formats of the events that a trace holds.
///
/// A trace.dat carries the formats of all events of the kernel, thousands; reading them takes
/// longer than walking a million records, and few are needed.
enum UsedFormats {
  /// Fewer formats are not worth a walk over the records.
  private static let least = 64

  /// The trace with the formats of only those events that its records name, and one more for the
  /// common fields.
  static func only(in trace: RawTrace) -> RawTrace {
    guard trace.formats.count > least, let used = ids(in: trace) else { return trace }
    var result = trace
    result.formats = trace.formats.filter { format in
      guard let id = id(of: format.stored) else { return true }
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
    let found = named(names, in: formats)
    // Any of them has the common fields.
    return found.isEmpty ? Array(formats.prefix(1)) : found
  }

  /// The names of a system's events.
  static func names(of system: String, in formats: [FormatText]) -> Set<String> {
    Set(
      formats.lazy.filter { $0.system == system }.compactMap { format in
        let line = format.stored.prefix(80).text.prefix { $0 != "\n" }
        return line.hasPrefix("name: ") ? String(line.dropFirst(6)) : nil
      })
  }

  /// The formats of events by system and name.
  static func named(_ names: [String: Set<String>], in formats: [FormatText]) -> [FormatText] {
    formats.filter { format in
      guard let wanted = names[format.system] else { return false }
      let line = format.stored.prefix(80).text.prefix { $0 != "\n" }
      return line.hasPrefix("name: ") && wanted.contains(String(line.dropFirst(6)))
    }
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

  /// The number after `ID:` at the begin of the second line.
  private static func id(of text: StoredText) -> UInt16? {
    text.prefix(256).withBytes { bytes in
      var index = 0
      while index + 4 < bytes.byteCount {
        defer { index += 1 }
        guard bytes.byte(index) == 10, bytes.byte(index + 1) == UInt8(ascii: "I"),
          bytes.byte(index + 2) == UInt8(ascii: "D"), bytes.byte(index + 3) == UInt8(ascii: ":")
        else { continue }
        index += 4
        while index < bytes.byteCount, bytes.byte(index) == 32 { index += 1 }
        var value: UInt32?
        while index < bytes.byteCount, (48...57).contains(bytes.byte(index)),
          value ?? 0 <= UInt32(UInt16.max)
        {
          value = (value ?? 0) * 10 + UInt32(bytes.byte(index) - 48)
          index += 1
        }
        return value.flatMap(UInt16.init(exactly:))
      }
      return nil
    }
  }
}

extension RawSpan {
  fileprivate func byte(_ index: Int) -> UInt8 {
    unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }
}
