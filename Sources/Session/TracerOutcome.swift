internal import Report
internal import TraceModel

/// Why the section of an armed latency tracer is not in a report.
enum TracerOutcome {
  /// The reason in one clause, nil where the section overlaps the window.
  ///
  /// - Parameters:
  ///   - section: The section that the tracer kept, nil for none.
  ///   - window: The late wakeup.
  ///   - cpus: The CPUs that the tracer saw, nil for all.
  ///   - threshold: `tracing_thresh`
  static func text(
    _ section: TracerSection?, window: TimeSpan, cpus: CPUSet?, threshold: Nanoseconds?
  ) -> String? {
    let place = cpus.map { $0.count == 1 ? " on CPU \($0.list)" : " on CPUs \($0.list)" } ?? ""
    guard let section else {
      let limit = threshold.map { " (\($0.microseconds) us)" } ?? ""
      return "no section above tracing_thresh\(limit)\(place)"
    }
    let span = TimeSpan(section.start, section.start + section.length)
    guard span.clipped(to: window) == nil else { return nil }
    let distance =
      span.end <= window.start
      ? "ended \((window.start - span.end).microseconds) us before it"
      : "began \((span.start - window.end).microseconds) us after it"
    return
      "not used, its last section (\(section.length.microseconds) us on CPU \(section.cpu)) does not "
      + "overlap the window, it \(distance)"
  }
}
