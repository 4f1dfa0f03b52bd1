public import TraceModel

/// A thread of another CPU that was late in the same cycle as the one that is explained.
public struct LatePeer: Hashable, Sendable {
  /// Its CPU.
  public internal(set) var cpu: Int
  /// The thread.
  public internal(set) var task: TaskIdentity
  /// How late it was.
  public internal(set) var length: Nanoseconds
  /// The line, marker or switch that says it.
  public internal(set) var event: TraceEvent
}

/// Which threads of other CPUs were late at the same time: by timerlat's lines, by the markers of
/// measuring programs, else by their own timers and switches.
///
/// It names no cause: it speaks for those that hit all CPUs (firmware, a host's pause,
/// stop_machine, a lock).
struct LateTogether {
  /// The longest one of each CPU, in order of the CPUs.
  private(set) var peers: [LatePeer] = []

  private let sample: WakeupSample
  private let own: Set<Int>
  /// Shorter ones are late for another reason, or not at all.
  private let least: Nanoseconds
  /// How far back a thread's own request for its timer is looked for.
  private static let mostEvents = 20_000
  private static let mostTasks = 16

  init(_ spike: SpikeCase) {
    sample = spike.sample
    own = [spike.cpu, spike.timerCPU, spike.sample.cpu]
    least = max(
      Nanoseconds(spike.sample.latency.count / 2), Nanoseconds(microseconds: 20))
    guard case .wakeup = spike.subject, spike.timeline.cpus.count > 1 else { return }
    // What ended later may be seen too, as far as the trace reaches.
    let reach = TimeSpan(
      sample.expiry, sample.wake + max(sample.latency, Nanoseconds(microseconds: 1_000)))
    for track in spike.timeline.cpus where !own.contains(track.cpu) {
      var best: LatePeer?
      var seen: Set<Int32> = []
      let inside = track.events(in: reach)
      for index in inside.indices {
        guard
          let peer = marked(inside[index], spike.timeline) ?? woken(index, track, seen: &seen),
          peer.length > best?.length ?? .zero
        else { continue }
        best = peer
      }
      if let best { peers.append(best) }
    }
  }

  /// The CPUs, and who was late, a clause; nil where nobody was.
  func text(_ cpu: Int) -> String? { LatePeer.text(peers, cpu: cpu) }

  /// The same as evidence.
  func evidence(_ cpu: Int) -> Evidence? {
    text(cpu).map { Evidence(source: "other CPUs", text: $0) }
  }

  /// Classes that hit all CPUs, or several at once.
  static let everywhere: Set<CulpritClass> = [
    .hardwareStall, .hypervisor, .stopMachine, .irqsOff, .preemptOff, .tlbShootdown, .clock,
    .printkConsole, .unknown,
  ]

  /// A thread that says itself how late it was.
  private func marked(_ event: TraceEvent, _ timeline: Timeline) -> LatePeer? {
    let text: String
    switch event.payload {
    case .marker(let marker):
      if let own = BreakMarker(marker) {
        return peer(
          own.cpu, timeline.task(own.tid), TimeSpan(own.expiry, own.wake), event)
      }
      text = marker
    case .other(let other) where other.name == "timer_latency":
      let field = { (name: String) in other.fields.first { $0.name == name }?.value }
      guard let latency = field("timer_latency").flatMap({ Int64($0) }), latency > 0 else {
        return nil
      }
      return peer(
        event.cpu, timeline.task(event.pid),
        TimeSpan(event.time - Nanoseconds(latency), event.time), event)
    default: return nil
    }
    guard let place = text.utf8.firstIndex(of: UInt8(ascii: "(")),
      text.hasPrefix(BreakMarker.phrase) || text.hasPrefix("cyclictest: "),
      let latency = Int64(
        text[place...].dropFirst().prefix { $0.isASCII && $0.isNumber }), latency > 0
    else { return nil }
    return peer(
      event.cpu, timeline.task(event.pid),
      TimeSpan(event.time - Nanoseconds(microseconds: latency), event.time), event)
  }

  /// A real-time task that got the CPU late after its timer expired, or after its wakeup.
  private func woken(
    _ index: Int, _ track: CPUTimeline, seen: inout Set<Int32>
  ) -> LatePeer? {
    let event = track.events[index]
    guard case .switched(let change) = event.payload, change.nextPriority.isRealtime,
      !change.next.isIdle, change.next.pid != sample.task.pid, seen.count < Self.mostTasks,
      seen.insert(change.next.pid).inserted
    else { return nil }
    // Who is woken by others may wait for another reason.
    let isOfSameProgram = Self.program(change.next.comm) == Self.program(sample.task.comm)
    var waking: Nanoseconds?
    search: for earlier in track.events[..<index].suffix(Self.mostEvents).reversed() {
      switch earlier.payload {
      case .hrtimerStart(_, _, _, let soft, let mode)
      where earlier.pid == change.next.pid && !mode.hasPrefix("REL"):
        guard soft <= event.time, soft >= earlier.time else { return nil }
        return peer(event.cpu, change.next, TimeSpan(soft, event.time), event)
      case .waking(let wake) where wake.task.pid == change.next.pid && waking == nil:
        waking = earlier.time
      case .switched(let before) where before.next.pid == change.next.pid:
        // What it asked for in its last turn comes after that.
        break search
      default: continue
      }
    }
    guard isOfSameProgram, let waking else { return nil }
    return peer(event.cpu, change.next, TimeSpan(waking, event.time), event)
  }

  /// A thread's name without the number that a program gives it.
  private static func program(_ comm: String) -> Substring {
    var name = comm[...]
    while let last = name.last, last.isNumber || "/-:_ ".contains(last) { name.removeLast() }
    return name
  }

  /// A peer, where its time is as long and mostly the same.
  private func peer(
    _ cpu: Int, _ task: TaskIdentity, _ span: TimeSpan, _ event: TraceEvent
  ) -> LatePeer? {
    guard !own.contains(cpu), span.length >= least,
      let common = span.clipped(to: sample.window), common.length * 2 >= span.length
    else { return nil }
    return LatePeer(cpu: cpu, task: task, length: span.length, event: event)
  }
}

extension LatePeer {
  /// `late in the same cycle on CPUs 0-2: ...`; nil where nobody was. `cpu` is that of the thread
  /// that is explained.
  public static func text(_ peers: [LatePeer], cpu: Int) -> String? {
    guard !peers.isEmpty else { return nil }
    let cpus = CPUSet(peers.map(\.cpu) + [cpu])
    let listed = peers.prefix(4).map { peer in
      "\(peer.task.text) by \(peer.length.microseconds) us on CPU \(peer.cpu)"
    }
    let rest = peers.count > 4 ? ", and \(peers.count - 4) more" : ""
    return "late in the same cycle on CPUs \(cpus.list): \(listed.joined(separator: ", "))\(rest)"
  }
}
