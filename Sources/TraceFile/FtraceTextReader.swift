public import RingBuffer

/// Reads the text of tracefs' `trace` file in default, latency and verbose format, of
/// `trace-cmd report`, and of a systrace HTML page.
///
/// Core events become the cases of `EventPayload`; the lines of tracers become `.other` with the
/// system `ftrace` (`function`, `funcgraph_entry`, `timer_latency`, `osnoise`, `hwlat`, …); all
/// other events become `.other` with their text. A line that is not understood is a problem with
/// its number and a gap in the timeline.
public enum FtraceTextReader {
  /// Reads the file at `path`; throws where it cannot be opened.
  public static func read(_ path: String) throws(TraceFileError) -> FtraceText {
    read(try MappedFile.open(path))
  }

  /// Reads a file's bytes.
  public static func read(_ store: ByteStore) -> FtraceText {
    store.withBytes { bytes in
      let text = read(bytes, notes: [])
      // Beside a trace rtla's own account of it is a remark.
      guard text.sections.allSatisfy({ $0.eventCount == 0 }), let lines = RtlaText.lines(bytes)
      else { return text }
      return ByteStore(lines).withBytes { read($0, notes: [RtlaText.note]) }
    }
  }

  private static func read(_ bytes: RawSpan, notes: [String]) -> FtraceText {
    let isHTML = isHTML(bytes)
    var parser = FtraceTextParser(isHTML: isHTML)
    parser.repairs = notes
    if !isHTML, let repaired = TextRepair.repaired(bytes) {
      parser.repairs += repaired.notes
      ByteStore(repaired.bytes).withBytes { parser.read($0) }
    } else {
      parser.read(bytes)
    }
    return parser.finish()
  }

  private static func isHTML(_ bytes: RawSpan) -> Bool {
    let head = bytes.string(0..<512).drop { $0.isWhitespace }.prefix(16).lowercased()
    return head.hasPrefix("<!doctype html") || head.hasPrefix("<html")
  }
}
