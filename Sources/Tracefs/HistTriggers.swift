/// The histogram triggers of an instance. Those with variables hold the instance, so that it cannot
/// be removed before them.
enum HistTriggers {
  private static let events = ["sched_switch", "sched_waking", "sched_wakeup_new"]

  /// Removes them, those that refer to others first; true where there were any.
  static func remove(_ directory: String, files: ControlFiles) -> Bool {
    var found: [(path: String, text: String)] = []
    for event in events {
      let path = "\(directory)/events/sched/\(event)/trigger"
      guard let text = try? files.text(path) else { continue }
      for line in text.split(separator: "\n") where line.hasPrefix("hist:") {
        found.append((path, command(line)))
      }
    }
    let isReferring = { (text: String) in text.contains(":onmatch(") }
    let ordered = found.filter { isReferring($0.text) } + found.filter { !isReferring($0.text) }
    for trigger in ordered { try? files.append("!\(trigger.text)", to: trigger.path) }
    return !found.isEmpty
  }

  /// The command without what the file says of its state: `hist:… [active]`.
  private static func command(_ line: Substring) -> String {
    for state in [" [active]", " [paused]"] where line.hasSuffix(state) {
      return String(line.dropLast(state.count))
    }
    return String(line)
  }
}
