import TraceModel

/// A stretch without any event that is most of what a finding claims: a pause of the whole machine
/// would look the same.
///
/// A host that does not run a virtual CPU, firmware that holds it in system management mode, and
/// code that disabled interrupts all leave a trace in which nothing is written.
struct Silence {
  /// The longest stretch without an event, but for stacks.
  var span: TimeSpan
  /// The CPU that was silent.
  var cpu: Int

  /// The grain of the steal time in /proc/stat: a shorter pause may not move it.
  static let stealGrain = Nanoseconds(microseconds: 10_000)

  /// Pauses by a host that shares a CPU last a slice of its scheduler, milliseconds; ordinary code
  /// hardly does without an event.
  static let ordinaryPause = Nanoseconds(microseconds: 2_000)

  /// All stretches that are long enough to be a pause each.
  var total: Nanoseconds

  /// nil where stretches without events are not more than half of what the finding claims: the
  /// longest one, or those together that are at least a quarter of it. A host may take the CPU
  /// several times in a row.
  init?(_ finding: Finding, in spike: SpikeCase) {
    guard !Self.isOfPauses.contains(finding.culprit) else { return nil }
    let claimed = Spans.merged(finding.spans)
    let length = Spans.length(claimed)
    let stretches = claimed.flatMap { Self.stretches(in: $0, spike) }
    guard let longest = stretches.max(by: { $0.length < $1.length }) else { return nil }
    let long = stretches.filter { $0.length * 4 >= length }
    let total = long.isEmpty ? longest.length : Spans.length(long)
    guard total * 2 > length else { return nil }
    span = longest
    self.total = total
    cpu = spike.path.legs.first { $0.span.clipped(to: longest) != nil }?.cpu ?? spike.cpu
  }

  /// The stretches of `span` without an event; where events were lost nothing is known. A stack is
  /// not an event itself: tracing writes it for the one before it, or at a section's end.
  private static func stretches(in span: TimeSpan, _ spike: SpikeCase) -> [TimeSpan] {
    var found: [TimeSpan] = []
    for silence in spike.silences(in: span, minimum: Nanoseconds(1)) {
      if let last = found.last, last.end == silence.start, onlyStacks(at: last.end, spike) {
        found[found.count - 1].end = silence.end
      } else {
        found.append(silence)
      }
    }
    return found
  }

  private static func onlyStacks(at time: Nanoseconds, _ spike: SpikeCase) -> Bool {
    spike.events(in: TimeSpan(time, time + Nanoseconds(1))).allSatisfy {
      if case .stack = $0.payload { true } else { false }
    }
  }

  /// Classes that speak of a pause themselves, or of no time on a CPU.
  private static let isOfPauses: Set<CulpritClass> = [
    .hypervisor, .hardwareStall, .idleExit, .observer, .clock, .blocked,
  ]

  /// Whether a pause is ruled out: on a machine that is known to be physical, by an SMI counter
  /// that did not move. In a guest nothing does: hosts are seen to take a CPU for 40 ms without
  /// counting it as steal time.
  func isNoPause(_ context: SystemContext) -> Bool {
    context.platform == .bareMetal && context.smiCount == 0
  }

  /// The rivals that it leaves open.
  func rivals(_ spike: SpikeCase) -> [OpenRival] {
    let context = spike.context
    let silent =
      "CPU \(cpu) recorded no event for "
      + (total > span.length
        ? "\(total.microseconds) us in several stretches, the longest of "
          + "\(span.length.microseconds) us" : "\(span.length.microseconds) us")
    let host = OpenRival(
      .hypervisor, because: "\(silent), and a pause of this guest by its host looks the same")
    switch context.platform {
    case .guest: return [host]
    case .bareMetal:
      return [OpenRival(.hardwareStall, because: "\(silent), and \(Self.stall(context))")]
    case .unknown:
      return [
        spike.guestSign == nil
          ? OpenRival(
            .hypervisor,
            because: "\(silent), and the trace does not show whether this was a virtual machine")
          : host,
        OpenRival(.hardwareStall, because: "\(silent), and \(Self.stall(context))"),
      ]
    }
  }

  private static func stall(_ context: SystemContext) -> String {
    context.isX86 == false
      ? "a pause by firmware looks the same"
      : "a system management interrupt (SMI) looks the same"
  }

  /// What would decide between the finding and a pause.
  func nextStep(_ context: SystemContext) -> String {
    switch context.platform {
    case .guest:
      let steal: String
      switch (context.countsSteal, context.steal[cpu]) {
      case (true?, .some(.zero)):
        steal =
          "Steal time did not grow, but a host does not count every pause, and counts in steps of "
          + "10 ms."
      case (_, .some(let grown)) where grown > .zero:
        steal = "Steal time grew by \(grown.microseconds / 1_000) ms."
      case (true?, _): steal = "The steal time of CPU \(cpu) was not read."
      default: steal = "It is unknown whether the host counts steal time."
      }
      return "A pause by the host is not ruled out. \(steal) A trace of the host, or the same "
        + "measurement on bare metal, would decide."
    case .bareMetal where context.isX86 == false:
      return "A pause by firmware is not ruled out. The hwlat tracer on another CPU would show it."
    case .bareMetal:
      return context.smiCount == nil
        ? "An SMI is not ruled out. The SMI counter (module msr, Intel only) or the hwlat tracer on "
          + "another CPU would decide."
        : "An SMI is not ruled out, the counter moved during this run. The hwlat tracer on another CPU "
          + "would show it."
    case .unknown:
      return "A pause of the machine is not ruled out. Record on a known machine, or with events "
        + "inside this time (function tracing, or the timer events)."
    }
  }
}

extension SystemContext {
  /// Whether the processor is an x86, nil where it is not known.
  var isX86: Bool? {
    architecture.map { $0.hasPrefix("x86") || ($0.hasPrefix("i") && $0.hasSuffix("86")) }
  }
}
