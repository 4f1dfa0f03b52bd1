public import Analysis
internal import CRealtime
internal import Glibc
public import SystemPackage
internal import TraceModel
internal import Tracefs

/// What was found of a command's waits.
public struct CommandResult: Sendable {
  /// The command's exit status, 128 + signal where one ended it.
  public var status: Int32
  /// Its slow calls, longest first.
  public var calls: [SlowCall]
  /// Its calls that found nothing several times in a row.
  public var polls: [PollBurst]
  /// Its work items that came late, longest first.
  public var deliveries: [Delivery]
  /// Waits for a CPU of its tasks, in order of their end; the first ten thousand.
  public var waits: [RunQueueWait]
  /// Statistics and losses.
  public var summary: RunQueueSummary
}

/// Runs a command and records the waits of its process tree.
public struct CommandSession {
  private let arguments: [String]
  private let plan: RunQueuePlan
  private let observer: RunQueueObserver
  private static let mostWaits = 10_000

  /// Makes a session; `arguments` begins with the command, which is looked for in PATH.
  public init(arguments: [String], plan: RunQueuePlan, observer: RunQueueObserver) {
    self.arguments = arguments
    self.plan = plan
    self.observer = observer
  }

  /// Runs the command to its end.
  ///
  /// - Parameter failed: Called with the reason where the command cannot be executed; the result's
  ///   status is 127 then.
  public func run(failed: (Errno) -> Void) throws(SessionError) -> CommandResult {
    var signals = ControlSignals()
    let tracing = try TracingControl()
    if let remark = tracing.guardianRemark { observer.remark(remark) }
    var gate: Int32 = -1
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    let child = bt_spawn_waiting(&words, &gate)
    guard child > 0 else {
      _ = tracing.end()
      failed(Errno(rawValue: -child))
      throw .arming(
        TracefsError(.read, path: "fork", errno: Errno(rawValue: -child)))
    }
    RaisedPriority().keep()
    var calls: ArmedInstance?
    do {
      var wide = plan
      wide.hasWork = true
      let system = try tracing.arm(wide.arming)
      RunQueueTracing.report(system, observer)
      let ofTree = try Self.armCalls(child, tracing, plan)
      calls = ofTree
      RunQueueTracing.report(ofTree, observer)
      let labels = LabelTable()
      let stream = try RunQueueStream(
        [system, ofTree], kilobytes: plan.bufferKilobytes, labels: labels)
      var replay = RunQueueReplay(
        filter: plan.filter, labels: labels, recordsChains: true, root: child)
      replay.deferredThreshold = plan.filter.threshold
      let error = bt_spawn_release(gate)
      gate = -1
      if error != 0 { failed(Errno(rawValue: error)) }
      var waits: [RunQueueWait] = []
      let status = follow(child, stream, &replay, &waits, &signals)
      try? system.stop()
      try? ofTree.stop()
      while stream.round(isLast: true, { replay.apply($0) }) {
        take(&replay, &waits)
        stream.pause()
      }
      replay.finish()
      take(&replay, &waits)
      stream.close()
      var summary = RunQueueSummary(replay)
      summary.bufferKilobytes = plan.bufferKilobytes
      summary.pace = stream.pace
      summary.damagedPages = stream.damagedPages
      let report = ofTree.disarm()
      summary.leftovers = report.leftovers.map { "\($0.path): \($0.reason)" } + tracing.end()
      return CommandResult(
        status: status, calls: replay.slowCalls, polls: replay.polls,
        deliveries: replay.deliveries, waits: waits, summary: summary)
    } catch {
      // Closed without a word, the gate makes the child end before it executes anything.
      if gate >= 0 {
        close(gate)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
      }
      calls?.disarm()
      _ = tracing.end()
      throw error
    }
  }

  /// The second instance: the syscalls of the process tree alone, which `event-fork` follows.
  private static func armCalls(
    _ child: Int32, _ tracing: TracingControl, _ plan: RunQueuePlan
  ) throws(SessionError) -> ArmedInstance {
    let arming = ArmingPlan(
      bufferKilobytes: plan.bufferKilobytes, clocks: ["mono"],
      events: [
        ArmingPlan.Event(EventName("raw_syscalls", "sys_enter"), isRequired: true),
        ArmingPlan.Event(EventName("raw_syscalls", "sys_exit"), isRequired: true),
      ],
      options: [
        ArmingPlan.Option("event-fork", true, isRequired: true),
        ArmingPlan.Option("record-cmd", false),
      ], eventPIDs: [child])
    do throws(TracefsError) {
      return try ArmedInstance(
        arming, name: InstanceName(run: tracing.run, suffix: "calls"), root: tracing.root,
        journal: tracing.journal)
    } catch {
      throw .arming(error)
    }
  }

  /// Reads while the command runs; gives its exit status.
  private func follow(
    _ child: Int32, _ stream: RunQueueStream, _ replay: inout RunQueueReplay,
    _ waits: inout [RunQueueWait], _ signals: inout ControlSignals
  ) -> Int32 {
    var status: Int32 = 0
    var interrupts = 0
    var isBehind = false
    // Ready when the command ends; -1, which poll(2) leaves out, on kernels without it.
    let ending = bt_pidfd(child)
    defer { if ending >= 0 { close(ending) } }
    while true {
      if let signal = signals.pending() {
        // The terminal sends SIGINT to the command too; the others come to this process alone.
        interrupts += signal == SIGINT ? 1 : 0
        if signal != SIGINT || interrupts > 1 { kill(child, signal) }
      }
      let ended = waitpid(child, &status, WNOHANG)
      if ended == child || (ended < 0 && errno != EINTR) { break }
      isBehind ? stream.pause() : stream.wait(milliseconds: ending >= 0 ? 50 : 10, or: ending)
      isBehind = stream.round { replay.apply($0) }
      take(&replay, &waits)
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  private func take(_ replay: inout RunQueueReplay, _ waits: inout [RunQueueWait]) {
    for wait in replay.takeWaits()
    where waits.count < Self.mostWaits && replay.isObserved(wait.task.pid) {
      waits.append(wait)
    }
    observer.give(&replay)
  }
}
