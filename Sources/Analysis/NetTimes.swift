import TraceModel

/// The net durations that the osnoise events report, beside those of the replay.
///
/// The kernel takes off what interrupted an interrupt, softirq or task, as the replay does, but by
/// its own stamps at the same places. Where both agree that is evidence; where they do not, one of
/// them is wrong, and nothing is proven.
struct NetTimes {
  /// One osnoise sample.
  struct Sample {
    var event: TraceEvent
    var name: String
    var net: Nanoseconds
    /// On the kernel's clock `local`, whatever the trace clock is.
    var localStart: Nanoseconds
    var isOf: (Slice) -> Bool
  }

  /// The most samples in one finding's evidence.
  private static let most = 3

  /// Whether osnoise's events are in the trace at all: most traces have none, and need not be gone
  /// through for each finding.
  static func arePresent(_ spike: SpikeCase) -> Bool {
    Set(spike.path.legs.map(\.cpu)).contains { cpu in
      spike.timeline[cpu: cpu]?.events.contains {
        if case .other(let other) = $0.payload { other.name.hasSuffix("_noise") } else { false }
      } ?? false
    }
  }

  /// What the samples say of the finding, and whether the replay says the same of all of them.
  static func check(_ spike: SpikeCase, _ finding: Finding) -> (evidence: [Evidence], agrees: Bool)
  {
    var compared: [(overlap: Nanoseconds, evidence: Evidence, agrees: Bool)] = []
    for cpu in Set(spike.path.legs.map(\.cpu)) {
      guard let track = spike.timeline[cpu: cpu] else { continue }
      let samples = samples(track)
      // An event is written right after its end: the smallest distance is that of the two clocks.
      guard
        let offset = samples.map({ $0.event.time - $0.localStart - $0.net }).min(),
        let first = track.events.first?.time
      else { continue }
      for sample in samples {
        let gross = TimeSpan(sample.localStart + offset, sample.event.time)
        let overlap = Spans.length(
          Spans.intersection(Spans.merged(finding.spans), [gross]))
        guard overlap >= spike.floor, gross.start >= first else { continue }
        let replay = CPUReplay(track, window: gross, comms: spike.timeline.comms)
        let ours = Spans.length(replay.spans(in: gross, where: sample.isOf))
        let difference = ours > sample.net ? ours - sample.net : sample.net - ours
        let agrees =
          difference <= max(Nanoseconds(microseconds: 10), Nanoseconds(sample.net.count / 20))
        let note =
          "net; \(ours.microseconds) us from the events" + (agrees ? "" : ", which disagrees")
        compared.append(
          (
            overlap,
            Evidence(
              source: "osnoise",
              text: "\(sample.name) \(sample.net.microseconds) us \(note)", cpu: cpu), agrees
          ))
      }
    }
    let chosen = compared.sorted { $0.overlap > $1.overlap }.prefix(most)
    return (chosen.map(\.evidence), chosen.allSatisfy(\.agrees))
  }

  /// The osnoise samples of a CPU.
  static func samples(_ track: CPUTimeline) -> [Sample] {
    // On PREEMPT_RT softirqs are the time of the task that runs them.
    let hasSoftirqs = track.events.contains {
      if case .other(let other) = $0.payload { other.name == "softirq_noise" } else { false }
    }
    return track.events.compactMap { event in
      guard case .other(let other) = event.payload, other.name.hasSuffix("_noise"),
        other.system == "osnoise" || other.system.isEmpty,
        let net = number(other, "duration"), let start = number(other, "start"), net >= 0
      else { return nil }
      func text(_ name: String) -> String {
        other.fields.first { $0.name == name }?.value ?? ""
      }
      let vector = number(other, "vector")
      let name: String
      let isOf: (Slice) -> Bool
      switch other.name {
      case "irq_noise":
        name = "interrupt \(text("desc"))"
        let desc = text("desc")
        isOf = {
          switch $0.occupant {
          case .vector(let vector): vector == desc
          case .irq(let number, let handler): Int64(number) == vector || handler == desc
          default: false
          }
        }
      case "softirq_noise":
        name = "softirq \(vector.map(String.init) ?? "?")"
        isOf = {
          if case .softirq(let number) = $0.occupant { Int64(number) == vector } else { false }
        }
      case "thread_noise":
        let pid = number(other, "pid") ?? -1
        name = "task \(text("comm"))-\(pid)"
        isOf = { slice in
          switch slice.occupant {
          case .task(let task, _): Int64(task.pid) == pid
          case .idle: pid == 0
          case .softirq: !hasSoftirqs && Int64(slice.task.pid) == pid
          default: false
          }
        }
      case "nmi_noise":
        name = "NMI"
        isOf = { if case .nmi = $0.occupant { true } else { false } }
      default: return nil
      }
      return Sample(
        event: event, name: name, net: Nanoseconds(net), localStart: Nanoseconds(start), isOf: isOf)
    }
  }

  private static func number(_ other: OtherEvent, _ name: String) -> Int64? {
    other.fields.first { $0.name == name }.flatMap { Int64($0.value) }
  }
}
