import Testing
import TraceModel

@testable import Analysis

/// Kernels that do not record every switch or every change of priority.
@Suite struct HiddenSwitchTests {
  typealias Build = TimelineBuilder

  @Test func `idle that was to leave left at once, although the switch is not recorded`() {
    for asked in [true, false] {
      let result = Scenario(.higherPriorityTask, "", .possible, wake: 5_020) { own, _ in
        own.sleep(at: 0, expiry: 900, next: idle)
        own.wake(at: 901, interrupting: 0, stack: nil, needResched: asked)
        own.add(
          4_000, pid: Scenarios.hog.pid, .vectorEntry(name: "local_timer", vector: 236),
          flags: Scenarios.hard)
        own.add(
          4_004, pid: Scenarios.hog.pid, .vectorExit(name: "local_timer", vector: 236),
          flags: Scenarios.hard)
        own.change(5_000, from: Scenarios.hog, state: .blocked("S"), to: measured)
        own.finish(at: 5_010)
      }.analysis
      let hog = result.ran.first { $0.occupant.name.contains(Scenarios.hog.comm) }
      #expect((hog?.net ?? .zero > Nanoseconds(4_000_000)) == asked, "\(result.ran)")
      if asked {
        #expect(result.culprit.culprit == .higherPriorityTask)
        // Nobody saw it run in the silent stretch.
        #expect(result.culprit.confidence == .possible)
      }
      #expect(result.sumsAreExact)
    }
  }

  @Test func `an owner that gives a boost back had it while it ran`() {
    let owner: Actor = (61, "owner", 120)
    let boosted = KernelPriority(9)
    let result = Scenario(.priorityInversion, "owner-61", .likely, wake: 5_020) { own, other in
      own.sleep(at: 0, expiry: 900, next: idle)
      // Boosted from the other CPU before any event names it as running here.
      other.cpu = 0
      other.add(
        850, pid: 70,
        .prioritySet(
          task: TaskIdentity(pid: 61, comm: "owner"), old: KernelPriority(120), new: boosted))
      own.wake(at: 901, interrupting: owner.pid, stack: Build.interruptStack, needResched: false)
      own.add(
        4_990, pid: owner.pid,
        .prioritySet(
          task: TaskIdentity(pid: 61, comm: "owner"), old: boosted, new: KernelPriority(120)))
      own.change(5_000, from: owner, state: .runnable, to: measured)
      own.finish(at: 5_010)
    }.analysis
    #expect(result.culprit.culprit == .priorityInversion, "\(result.culprit)")
    #expect(result.culprit.name == "owner-61")
    #expect(result.sumsAreExact)
  }
}
