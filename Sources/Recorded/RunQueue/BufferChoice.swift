internal import RingBuffer
internal import TraceFile
internal import TraceModel

/// Which buffer or text of a trace a replay of run queues takes.
struct BufferChoice {
  /// The buffer, nil where a text is meant.
  private(set) var buffer: OpenedTrace.Buffer?
  /// The text, nil where a buffer is meant or there is none.
  private(set) var section: FtraceText.Section?
  /// What was chosen of several, one line each.
  private(set) var remarks: [String] = []

  /// Chooses the buffer of the name `instance`, else the first one with a sched_switch; throws
  /// where there is none.
  init(
    _ opened: OpenedTrace, instance: String?, path: String
  ) throws(TraceFileError) {
    let full = opened.buffers.filter(\.hasPages)
    if let instance {
      let hasText = instance.isEmpty && !opened.sections.isEmpty
      guard let named = full.first(where: { $0.name == instance }) else {
        if hasText {
          chooseText(opened)
          return
        }
        let names = full.map { Self.text($0.name) } + (opened.sections.isEmpty ? [] : ["the text"])
        throw TraceFileError(
          .read, path: path, reason: .invalid("contains no buffer \"\(instance)\" with events"),
          hint: names.isEmpty
            ? "it contains no other buffer" : "it contains \(names.joined(separator: ", "))")
      }
      buffer = named
    } else if full.count > 1 {
      chooseBuffer(full)
    } else if let only = full.first {
      buffer = only
    } else if !opened.sections.isEmpty {
      chooseText(opened)
    } else if let empty = opened.buffers.first {
      buffer = empty
    } else {
      throw TraceFileError(
        .read, path: path, reason: .invalid("contains no buffer"),
        hint: "record it again if it is truncated")
    }
    if let section, section.timeline.missing.contains(.times) {
      throw TraceFileError(
        .read, path: path, reason: .invalid("its lines have no times: they give the order only"),
        hint: "post the lines as the trace file has them, or a trace.dat")
    }
  }

  private mutating func chooseBuffer(_ full: [OpenedTrace.Buffer]) {
    let switching = full.filter { SwitchSearch.isFound(in: $0.trace) }
    guard let chosen = switching.first ?? full.first else { return }
    buffer = chosen
    let others = full.filter { $0.name != chosen.name }.map { other in
      Self.text(other.name)
        + (switching.contains { $0.name == other.name } ? "" : " (without sched_switch)")
    }
    remarks.append(
      "showing the waits of \(Self.text(chosen.name)), not of "
        + "\(others.joined(separator: ", ")) (select one with --instance)")
  }

  private mutating func chooseText(_ opened: OpenedTrace) {
    let events = opened.sections.filter { $0.eventCount > 0 }
    section = events.first ?? opened.sections.first
    if events.count > 1 {
      remarks.append("contains \(events.count) traces, showing the waits of the first")
    }
  }

  private static func text(_ name: String) -> String {
    name.isEmpty ? "the top-level buffer" : "buffer \"\(name)\""
  }
}

/// Looks for a sched_switch in the pages of a buffer.
enum SwitchSearch {
  /// Whether one of the records is one.
  static func isFound(in trace: RawTrace) -> Bool {
    var bare = trace
    bare.formats = UsedFormats.searched(in: trace.formats)
    bare.symbols = ""
    bare.printkFormats = ""
    bare.cpus = []
    guard let decoder = try? TraceDecoder(trace: bare), let id = decoder.schema.schedSwitch?.id
    else { return false }
    let reader = decoder.reader
    for pages in trace.cpus {
      var sequence = PageSequence(pages, decoder)
      var isFound = false
      while !isFound,
        sequence.next({ page in
          _ = reader.forEachRecord(in: page, pageSize: decoder.pageSize) { record in
            isFound = record.id == id
            return !isFound
          }
        })
      {}
      if isFound { return true }
    }
    return false
  }
}
