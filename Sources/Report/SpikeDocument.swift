import Analysis
import TraceModel

/// Lays a report's record out as a document. It arranges values; every number comes from the
/// record.
struct SpikeDocument {
  let record: ReportRecord

  init(_ record: ReportRecord) { self.record = record }

  var spike: SpikeRecord { record.spike }

  var document: Document {
    let sections: [Document.Section?] = [
      segments, evidence, contributors, impact, escalation, ran, excerpt, stack, tracerSection,
      rtThreads, interrupts, run, machine, tunables, counters, trace, observer, caveats,
      attachments,
    ]
    return Document(
      subject: spike.subject, headline: "", lead: lead, sections: sections.compactMap { $0 })
  }

  typealias Section = Document.Section
  typealias Block = Document.Block
  typealias Column = Document.Table.Column

  /// How late, where, who, how sure, what to do next.
  private var lead: [Block] {
    let culprit = spike.culprit
    var items = [
      Document.Definition(length, howLate),
      Document.Definition("where", place),
      Document.Definition(
        "culprit", "\(culprit.clause) (\(culprit.culprit)), \(claim(culprit))"),
      // Without a culprit the row above says what the word means.
      Document.Definition(
        "confidence",
        culprit.confidence == Confidence.unexplained.rawValue
          ? culprit.confidence : culprit.confidenceText),
    ]
    items.append(
      Document.Definition("next step", culprit.nextStep.isEmpty ? "none" : culprit.nextStep))
    var blocks: [Block] = [.definitions(items)]
    if !spike.trace.complete { blocks.append(.paragraph(Self.incomplete(spike.trace))) }
    return blocks
  }

  private var howLate: String {
    var text = "\(Quantity.us(spike.latency)) us"
    if let threshold = spike.threshold { text += ", threshold \(Quantity.us(threshold)) us" }
    if let typical = spike.impact.typical { text += ", typical \(Quantity.us(typical)) us" }
    return text
  }

  private var place: String {
    var text = "CPU \(spike.cpu)"
    // A trace need not show the task, and an interrupt delays nobody in particular.
    switch spike.tid {
    case 0: if !spike.comm.isEmpty { text += ", the idle task" }
    case ..<0: if !spike.comm.isEmpty { text += ", thread \(spike.comm)" }
    default: text += ", thread \(spike.comm.isEmpty ? "<...>" : spike.comm)-\(spike.tid)"
    }
    if let policy = spike.policy, spike.tid > 0 || !spike.comm.isEmpty {
      text += " (SCHED_\(policy.rawValue.uppercased())"
      text += spike.priority > 0 ? ", priority \(spike.priority))" : ")"
    }
    guard spike.measured == nil,
      let main = spike.segments.max(by: { $0.length < $1.length }), let share = main.share
    else { return text }
    return text + ", \(share.text) from \(Wording.reach(of: main.name))"
  }

  private var impact: Section {
    var texts = [
      spike.measured
        ?? "The timer expired at \(Quantity.seconds(spike.expiry)) s"
        + (spike.trace.clock.isEmpty ? "" : " (clock \(spike.trace.clock))")
        + ", in cycle \(spike.sequence)."
    ]
    if let missed = spike.impact.missedCycles, let interval = spike.impact.interval {
      texts.append(
        "At an interval of \(Quantity.us(interval)) us, "
          + (missed == 0
            ? "no later wakeup was due meanwhile."
            : "\(Quantity.count(missed, "later wakeup")) \(missed == 1 ? "was" : "were") due meanwhile.")
      )
    }
    if let typical = spike.impact.typical {
      texts.append(
        "The same segments usually take \(Quantity.us(typical)) us in total (medians of "
          + "\(Quantity.count(spike.impact.baselineWakeups, "earlier wakeup")) in the buffer).")
    }
    var blocks: [Block] = [.paragraph(texts.joined(separator: " "))]
    if let together = spike.impact.together { blocks.append(.paragraph(together)) }
    return Section("Impact", blocks)
  }

  /// What is missing in the trace, said where nobody can overlook it.
  static func incomplete(_ trace: TraceRecord) -> String {
    var parts: [String] = []
    // Lines were removed from the text, or it was damaged: a larger buffer would not have helped.
    let isDamaged =
      trace.coversWindow && !trace.gaps.isEmpty && trace.gaps.allSatisfy(\.isDamaged)
    if isDamaged {
      parts.append("PARTS OF THE WINDOW ARE MISSING IN THIS FILE.")
    } else if trace.lostInWindow > 0 {
      let one = trace.lostInWindow == 1
      parts.append(
        "AT LEAST \(trace.lostInWindow) \(one ? "EVENT WAS" : "EVENTS WERE") LOST IN THE WINDOW.")
    } else if !trace.gaps.isEmpty {
      parts.append("THE TRACE HAS GAPS IN THE WINDOW.")
    }
    if let on = trace.switchedOn {
      parts.append("TRACING WAS ENABLED AGAIN ONLY \(Quantity.us(on)) US AFTER THE EXPIRY,")
      parts.append("after the previous spike.")
    } else if !trace.coversWindow {
      parts.append("THE BUFFER BEGINS AFTER THE EXPIRY.")
    }
    parts.append(
      "Evidence may be missing, so the verdict is at most possible.")
    if isDamaged {
      parts.append("Use the complete trace.")
    } else if let needed = trace.recording?.bufferNeeded {
      parts.append("Measure again with --buffer \(needed), which holds twice this window.")
    } else if trace.lostInWindow > 0 || trace.cpus.isEmpty
      || trace.cpus.contains(where: { $0.counters.overrun > 0 })
    {
      // If nothing was overwritten, a larger buffer does not hold more.
      parts.append("Use a larger buffer (--buffer).")
    }
    return parts.joined(separator: " ")
  }

  /// What was measured: the latency of a wakeup, or the length of a section or a noise.
  private var length: String { spike.measured == nil ? "latency" : "length" }

  /// What the times of the report count from.
  private var zero: String { spike.measured == nil ? "expiry" : "beginning" }

  /// The parts of a wakeup; a section or a noise has none.
  private var segments: Section? {
    guard spike.measured == nil else { return nil }
    let rows = spike.segments.map { segment in
      [
        segment.name, Quantity.us(segment.length), segment.share?.text ?? "",
        segment.typical.map(Quantity.us) ?? "-", Wording.reach(of: segment.name),
      ]
    }
    return Section(
      "Segments",
      [
        .table(
          Document.Table(
            columns: [
              Column("segment"), Column("us", .right), Column("share", .right),
              Column("typical us", .right), Column("from - to"),
            ], rows: rows,
            total: [
              "sum", Quantity.us(spike.latency), "", spike.impact.typical.map(Quantity.us) ?? "-",
              "expiry to clock reading",
            ]))
      ])
  }

  private var evidence: Section {
    let culprit = spike.culprit
    var blocks = evidence(culprit)
    if !culprit.evidence.isEmpty {
      blocks.insert(.paragraph("Times are us after the \(zero)."), at: 0)
    }
    if !culprit.open.isEmpty {
      blocks.append(.paragraph("Not decided:"))
      blocks.append(.list(culprit.open.map { "\($0.culprit): \($0.reason)" }))
    }
    if culprit.refuted.isEmpty {
      blocks.append(.paragraph("Ruled out: nothing."))
    } else {
      blocks.append(.paragraph("Ruled out:"))
      blocks.append(.list(culprit.refuted.map { "\($0.culprit): \($0.reason)" }))
    }
    return Section("Evidence", blocks)
  }

  private func claim(_ culprit: CulpritRecord) -> String {
    "\(Quantity.us(culprit.claimed)) us"
      + (culprit.share.map { ", \($0.text) of the \(length)" } ?? "")
  }

  private func evidence(_ culprit: CulpritRecord) -> [Block] {
    guard !culprit.evidence.isEmpty else { return [.paragraph("No evidence.")] }
    let offsets = culprit.evidence.compactMap(\.offset).map(Quantity.us)
    let width = offsets.map(\.count).max() ?? 0
    var lines: [String] = []
    var settings: [String] = []
    for item in culprit.evidence {
      if let offset = item.offset {
        lines.append(
          "  " + Quantity.pad(Quantity.us(offset), width, right: true) + " us  "
            + (item.cpu.map { Quantity.cpu($0) + " " } ?? "") + item.text)
      } else {
        settings.append(
          "\(item.event)\(item.cpu.map { ", CPU \($0)" } ?? ""): \(item.text)")
      }
    }
    var blocks: [Block] = []
    if !lines.isEmpty { blocks.append(.preformatted(lines)) }
    if !settings.isEmpty { blocks.append(.list(settings)) }
    return blocks
  }

  private var contributors: Section? {
    guard !spike.contributors.isEmpty else { return nil }
    var blocks: [Block] = []
    for other in spike.contributors {
      blocks.append(
        .definitions([
          Document.Definition(
            other.culprit,
            [other.clause, claim(other), other.confidence].joined(separator: ", "))
        ]))
      if !other.evidence.isEmpty { blocks += evidence(other) }
    }
    return Section("Contributors", blocks)
  }

  private var ran: Section? {
    guard !spike.ran.isEmpty else { return nil }
    let rows = spike.ran.map { entry in
      [
        Quantity.us(entry.net), entry.share?.text ?? "", "\(entry.count)", entry.kind,
        entry.priorityText ?? "-", entry.priority.map { "\($0)" } ?? "-", entry.name,
      ]
    }
    return Section(
      "Who ran on CPU \(spike.explainedCPU)",
      [
        .table(
          Document.Table(
            columns: [
              Column("net us", .right), Column("share", .right), Column("times", .right),
              Column("kind"), Column("priority"), Column("kernel prio", .right), Column("name"),
            ], rows: rows))
      ])
  }

  private var excerpt: Section? {
    guard !spike.excerpt.isEmpty else { return nil }
    let task = max(8, spike.excerpt.compactMap { $0.task?.count }.max() ?? 0)
    let time = max(
      8, spike.excerpt.compactMap { $0.offset.map { Quantity.us($0).count } }.max() ?? 0)
    let cpu = max(5, spike.excerpt.compactMap { $0.cpu.map { Quantity.cpu($0).count } }.max() ?? 0)
    let before = 2 + time + 2 + task + 1 + cpu + 1
    let blanks = String(repeating: " ", count: before)
    var lines = [
      blanks + "  _-----=> irqs-off/BH-disabled", blanks + " / _----=> need-resched",
      blanks + "| / _---=> hardirq/softirq", blanks + "|| / _--=> preempt-depth",
      blanks + "||| / _-=> migrate-disable",
    ]
    lines.append(
      "  " + Quantity.pad("us", time, right: true) + "  " + Quantity.pad("task-pid", task) + " "
        + Quantity.pad("cpu", cpu) + " |||||  event")
    for line in spike.excerpt {
      if let omitted = line.omitted {
        lines.append(
          "  " + Quantity.pad("…", time, right: true) + "  " + Quantity.count(omitted, "event"))
        continue
      }
      lines.append(
        (line.evidence == true ? "> " : "  ")
          + Quantity.pad(line.offset.map(Quantity.us) ?? "", time, right: true) + "  "
          + Quantity.pad(line.task ?? "", task) + " "
          + Quantity.pad(line.cpu.map(Quantity.cpu) ?? "", cpu) + " \(line.flags ?? "")  "
          + (line.text ?? ""))
    }
    return Section(
      "Excerpt",
      [
        .paragraph("Times are us after the \(zero). > marks the evidence."),
        .preformatted(lines),
      ])
  }

  private var stack: Section? {
    guard let stack = spike.stack else { return nil }
    var lines: [String] = []
    if stack.foldedFrames > 0 {
      lines.append("    … \(Quantity.count(stack.foldedFrames, "frame")) of the interrupt")
    }
    for (index, frame) in stack.frames.enumerated() {
      let marks = index == 0 && stack.foldedFrames > 0
      lines.append((marks ? "  > " : "    ") + frame.text)
    }
    let place =
      stack.task.map { task in
        " Task \(task) was running\(stack.cpu.map { " on CPU \($0)" } ?? "")."
      } ?? ""
    var what = "The stack of the wakeup, innermost frame first."
    if stack.frames.isEmpty {
      what = "The interrupt stopped user space. No kernel code was running."
    } else if stack.foldedFrames > 0 {
      what =
        "The code that the interrupt stopped, innermost frame first. > is the first frame below the "
        + "interrupt."
    }
    return Section("Stack", [.paragraph(what + place), .preformatted(lines)])
  }

  private var tracerSection: Section? {
    guard let tracer = spike.tracerSection else { return nil }
    let section = tracer.section
    func name(_ function: String) -> String {
      function.isEmpty ? "an unknown function" : "function \(function)"
    }
    var blocks: [Block] = [
      .definitions([
        Document.Definition("tracer", "\(section.tracer) on CPU \(section.cpu)"),
        Document.Definition(
          "began", "\(Quantity.us(tracer.offset)) us in \(name(section.startFunction))"),
        Document.Definition(
          "ended", "after \(Quantity.us(section.length)) us in \(name(section.endFunction))"),
        Document.Definition(
          "overlap",
          "\(Quantity.us(tracer.overlap)) us with the window"
            + (tracer.share.map { ", \($0.text) of the section" } ?? "")),
      ])
    ]
    if !section.lines.isEmpty { blocks.append(.preformatted(section.lines)) }
    return Section("Latency tracer", blocks)
  }
}
