import Foundation
import Testing

/// A change of a posted trace that leaves its right answer as it is.
struct TraceMutation: Sendable, CustomTestStringConvertible {
  /// What it changes.
  var label: String
  /// Makes the changed text; the words are invented names of the input.
  var apply: @Sendable (String, [String]) -> String
  /// How much longer everything takes.
  var scale: Int64 = 1
  /// The invented names as they are then.
  var name: @Sendable (String) -> String = { $0 }

  var testDescription: String { label }

  static let all: [TraceMutation] = [
    TraceMutation(label: "as it is", apply: { text, _ in text }),
    TraceMutation(label: "other names", apply: renamed, name: shifted),
    TraceMutation(label: "other CPU", apply: { text, _ in onOtherCPU(text) }),
    TraceMutation(label: "other time scale", apply: { text, _ in slower(text) }, scale: 3),
    TraceMutation(label: "older header", apply: { text, _ in olderHeader(text) }),
    TraceMutation(label: "longer trace", apply: { text, _ in longer(text) }),
    TraceMutation(label: "other tracer", apply: { text, _ in otherTracer(text) }),
    TraceMutation(label: "mail", apply: { text, _ in mailed(text) }),
  ]

  /// A name of the same length.
  static func shifted(_ name: String) -> String {
    String(
      name.map { letter in
        guard letter.isLowercase, letter.isASCII, let value = letter.asciiValue else {
          return letter
        }
        return Character(UnicodeScalar(value == 122 ? 97 : value + 1))
      })
  }

  private static func renamed(_ text: String, _ words: [String]) -> String {
    var result = text
    // Longest first: one may be the begin of another.
    for word in words.sorted(by: { $0.count > $1.count }) {
      result = result.replacingOccurrences(of: word, with: "\u{1}" + shifted(word) + "\u{2}")
    }
    return result.filter { $0 != "\u{1}" && $0 != "\u{2}" }
  }

  private static func plus(_ digits: Substring, _ value: Int) -> Int { (Int(digits) ?? 0) + value }

  private static func times(_ digits: Substring, _ value: Int) -> Int {
    (Int(digits) ?? 0) * value
  }

  /// Everything on the CPU six above.
  private static func onOtherCPU(_ text: String) -> String {
    var result = text
    result = result.replacing(/CPU#(\d+)/) { "CPU#\(plus($0.1, 6))" }
    result = result.replacing(/\[(\d\d\d)\]/) {
      "[" + String("00\(plus($0.1, 6))".suffix(3)) + "]"
    }
    result = result.replacing(/(?m)^(\s*\S+-\d+ +)(\d)([dDb.][.nNlL])/) {
      "\($0.1)\(plus($0.2, 6))\($0.3)"
    }
    return result.replacing(/(target_cpu=0*)(\d+)/) { "target_cpu=\(plus($0.2, 6))" }
  }

  /// Stamps of the latency format three times as far apart, others an hour later.
  private static func slower(_ text: String) -> String {
    var result = text
    result = result.replacing(/(\d+)us/) { "\(times($0.1, 3))us" }
    result = result.replacing(/latency: (\d+) us/) { "latency: \(times($0.1, 3)) us" }
    return result.replacing(/(\d+)\.(\d{6,9})(:| duration)/) {
      "\(plus($0.1, 3_600)).\($0.2)\($0.3)"
    }
  }

  private static func olderHeader(_ text: String) -> String {
    let lines = text.replacingOccurrences(of: "v1.1.5 on 6.1.0", with: "v1.1.4 on 5.4.0")
      .components(separatedBy: "\n")
    return lines.filter { line in
      guard line.hasPrefix("#") else { return true }
      return !line.contains("=> ") || line.contains("started at") || line.contains("ended at")
    }.joined(separator: "\n")
  }

  /// Lines of another CPU among those of the section, or before them and after them.
  private static func longer(_ text: String) -> String {
    var lines = text.components(separatedBy: "\n")
    guard let first = lines.firstIndex(where: { !$0.hasPrefix("#") && !$0.isEmpty }) else {
      return text
    }
    if lines[first].contains("us") && text.contains("# latency:") {
      let flags = text.contains("h2..") || text.contains("h5..") ? "d...1.." : "d..1."
      let other = (0..<3).map {
        "  other-77         9\(flags)    \($0)us : other_work <-other_loop"
      }
      lines.insert(contentsOf: other, at: first + 1)
      let joined = lines.joined(separator: "\n")
      return joined.replacing(/#(\d+)\/(\d+),/) { "#\(plus($0.1, 3))/\(plus($0.2, 3))," }
    }
    func unrelated(_ time: String) -> String {
      "           other-77    [009] d..2.  \(time): sched_switch: prev_comm=other prev_pid=77 "
        + "prev_prio=120 prev_state=S ==> next_comm=swapper/9 next_pid=0 next_prio=120"
    }
    lines.insert(unrelated("9.500000"), at: first)
    lines.append(unrelated("99999.500000"))
    return lines.joined(separator: "\n") + "\n"
  }

  private static func otherTracer(_ text: String) -> String {
    if text.contains("# tracer: wakeup_rt") { return text.replacing("wakeup_rt", with: "wakeup") }
    if text.contains("# tracer: wakeup") { return text.replacing("wakeup", with: "wakeup_rt") }
    if text.contains("# tracer: irqsoff") {
      return text.replacing("irqsoff latency", with: "preemptirqsoff latency")
        .replacing("# tracer: irqsoff", with: "# tracer: preemptirqsoff")
    }
    return text
  }

  /// Quoted in a mail, with the line ends of a mail.
  private static func mailed(_ text: String) -> String {
    let quoted = text.components(separatedBy: "\n").map { $0.isEmpty ? ">" : "> \($0)" }
    return "Hello,\r\n\r\nwe see this on one of our machines:\r\n\r\n"
      + quoted.joined(separator: "\r\n") + "\r\n\r\nAny idea?\r\n"
  }
}
