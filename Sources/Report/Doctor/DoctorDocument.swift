import TraceModel

/// Lays a doctor's report out.
struct DoctorDocument {
  var report: DoctorReport

  var document: Document {
    var sections = [classes(.proven, "What can be proven", nil)]
    sections.append(
      classes(
        .suspected, "What can be suspected",
        "At most likely or possible. After the arrow: what would allow more."))
    sections.append(classes(.unseen, "What cannot be detected", nil))
    sections.append(classes(.absent, "What cannot occur here", nil))
    sections.append(tracing)
    sections.append(settings)
    sections.append(clock)
    return Document(
      subject: "breaktrace doctor: \(kernel)", headline: "\(kernel): \(report.headline)",
      sections: sections.compactMap { $0 })
  }

  private var kernel: String {
    let release = report.machine.release.map { "Linux \($0)" } ?? "this kernel"
    return report.machine.architecture.map { "\(release) on \($0)" } ?? release
  }

  private func classes(_ sight: ClassVerdict.Sight, _ title: String, _ lead: String?)
    -> Document.Section?
  {
    let rows = report.classes(sight)
    guard !rows.isEmpty else { return nil }
    let list = Document.Block.definitions(
      rows.map { Document.Definition($0.culprit, Self.text($0)) })
    return Document.Section(
      "\(title) (\(rows.count))", (lead.map { [.paragraph($0)] } ?? []) + [list])
  }

  private static func text(_ verdict: ClassVerdict) -> String {
    var text = verdict.decidedBy
    if !verdict.extraEvents.isEmpty {
      text += "; requires --events \(verdict.extraEvents.joined(separator: ", "))"
    }
    if let change = verdict.change {
      text += " -> \(verdict.changeGives.map { "\($0.rawValue) with " } ?? "")\(change)"
    }
    return text
  }

  private var tracing: Document.Section {
    let tracing = report.tracing
    var blocks: [Document.Block] = []
    if let obstacle = tracing.obstacle { blocks.append(.paragraph(obstacle)) }
    let rows = (tracing.tracers + tracing.features).map { facility in
      [
        facility.name, facility.state.rawValue,
        facility.reason.map { "\($0); for \(facility.gives)" } ?? facility.gives,
      ]
    }
    if !rows.isEmpty {
      blocks.append(
        .table(
          Document.Table(
            columns: [.init("tracer or feature"), .init("state"), .init("")], rows: rows)))
    }
    if !tracing.missingEvents.isEmpty {
      blocks.append(
        .paragraph(
          "Events missing in this kernel: \(tracing.missingEvents.joined(separator: ", "))"))
    }
    if !tracing.otherUsers.isEmpty {
      blocks.append(
        .paragraph("Other users of tracing: \(tracing.otherUsers.joined(separator: "; "))"))
    }
    return Document.Section("Tracing", blocks)
  }

  private var settings: Document.Section {
    let order: [SettingVerdict.State] = [.spoils, .note, .unknown, .good]
    let rows = order.flatMap { state in
      report.settings.filter { $0.state == state }.map { setting in
        let remedy = setting.remedy.map { " -> \($0)" } ?? ""
        return [state.rawValue, setting.name, "\(setting.value): \(setting.why)\(remedy)"]
      }
    }
    return Document.Section(
      "Settings",
      [
        .table(Document.Table(columns: [.init(""), .init("setting"), .init("")], rows: rows))
      ])
  }

  private var clock: Document.Section {
    let clock = report.clock
    var items = [
      Document.Definition("clock source", clock.source ?? "unknown"),
      Document.Definition("resolution", "\(clock.resolution.count) ns (clock_getres)"),
      Document.Definition("smallest step", "\(clock.smallestStep.count) ns between readings"),
      Document.Definition("cost", "\(clock.readingCost.count) ns per reading (median)"),
    ]
    if let has = clock.hasTraceClock {
      items.append(
        Document.Definition(
          "trace clock",
          has
            ? "mono, events and latencies have the same time base"
            : "not mono, events are aligned to latencies by markers, with an error"))
    }
    return Document.Section("Clock", [.definitions(items)])
  }
}
