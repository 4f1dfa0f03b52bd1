internal import TraceFile
internal import TraceModel

/// What of a latency tracer's section is not in the text: whoever passed it on left lines out, or
/// the ring buffer overwrote its begin.
struct SectionCuts {
  /// What is missing, a clause each.
  var notes: [String] = []
  private var gaps: [TimelineGap] = []

  init(_ text: FtraceText.Section, track: CPUTimeline, place: SectionPlace) {
    let present = UInt64(clamping: text.eventCount)
    // A call of function_graph that calls no other one takes two entries, but one line.
    let isGraph = track.events.contains {
      if case .other(let other) = $0.payload { other.name.hasPrefix("funcgraph_") } else { false }
    }
    let kept = text.header.entriesInBuffer ?? present
    let written = text.header.entriesWritten ?? kept
    let lines = isGraph ? present &* 2 : present
    let missing = kept > lines ? kept - lines : 0
    if missing > 0 { notes.append("\(present) of the \(kept) lines are present") }
    if place.lacksBegin {
      let first = track.events.first?.time ?? place.span.start
      let overwritten = written > kept
      notes.append(
        (overwritten
          ? "the ring buffer kept \(kept) of \(written) entries, and the first "
          : "the first ")
          + "\(first.microseconds) us of the section are not in this file"
          + (overwritten
            ? "; record it with a larger buffer_size_kb, or without function tracing" : ""))
      gaps.append(
        TimelineGap(
          span: TimeSpan(place.span.start, first),
          cause: overwritten
            ? .lostEvents(count: written - kept)
            : .damaged("the beginning of the section is not in this file")))
    } else if written > kept {
      notes.append("the ring buffer kept \(kept) of \(written) entries")
    }
    if place.lacksEnd, let last = place.last {
      notes.append("the lines after line \(last.position) are not in this file")
      gaps.append(
        TimelineGap(
          span: TimeSpan(last.time, place.span.end),
          cause: .damaged("the lines after line \(last.position) are not in this file")))
    } else if gaps.isEmpty, track.gaps.isEmpty, missing > 1, missing * 10 > kept {
      // They may have stood anywhere: the gap has no length, so that it voids no stretch between
      // two lines.
      let end = place.span.end - Nanoseconds(1)
      gaps.append(
        TimelineGap(
          span: TimeSpan(end, end),
          cause: .damaged("\(missing) of the \(kept) lines are not in this file")))
    }
    for gap in track.gaps {
      if case .damaged(let what) = gap.cause { notes.append("lines are missing (\(what))") }
    }
  }

  /// Adds the gaps to the CPU of the section.
  func mark(_ timeline: inout Timeline, cpu: Int) {
    guard let index = timeline.cpus.firstIndex(where: { $0.cpu == cpu }) else { return }
    timeline.cpus[index].gaps += gaps
  }
}
