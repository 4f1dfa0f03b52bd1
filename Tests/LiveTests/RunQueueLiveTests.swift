import Analysis
import Foundation
import Glibc
import Recorded
import Session
import SystemPackage
import Testing
import TraceModel

/// Needs root and tracefs.
private let canTrace = geteuid() == 0 && access("/sys/kernel/tracing/instances", W_OK) == 0

private func instances() -> Set<String> {
  guard let directory = opendir("/sys/kernel/tracing/instances") else { return [] }
  defer { closedir(directory) }
  var names: Set<String> = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    // Other tests of this process have instances with their own suffixes.
    let parts = name.split(separator: ".")
    let isOfRuns = parts.count == 3 || ["calls", "waits"].contains(parts.last ?? "")
    if name.hasPrefix("breaktrace.\(getpid()).") && isOfRuns { names.insert(name) }
  }
  return names
}

@Suite(.serialized, .enabled(if: canTrace, "needs root and tracefs"))
struct RunQueueLiveTests {
  private func run(_ arguments: [String], threshold: Int64 = 5_000) throws -> CommandResult {
    try CommandSession(
      arguments: arguments,
      plan: RunQueuePlan(filter: RunQueueFilter(threshold: Nanoseconds(microseconds: threshold))),
      observer: RunQueueObserver()
    ).run { _ in }
  }

  @Test func `the command's exit status is passed on and nothing is left in tracefs`() throws {
    let result = try run(["sh", "-c", "exit 7"])
    #expect(result.status == 7)
    #expect(result.summary.leftovers.isEmpty)
    #expect(instances().isEmpty)
  }

  @Test func `a command that a signal ends has the shell's status`() throws {
    #expect(try run(["sh", "-c", "kill -TERM $$"]).status == 128 + SIGTERM)
  }

  @Test func `a command that does not exist is told with its reason`() throws {
    var reason: Errno?
    let result = try CommandSession(
      arguments: ["/nonexistent/command"], plan: RunQueuePlan(), observer: RunQueueObserver()
    ).run { reason = $0 }
    #expect(result.status == 127)
    #expect(reason == .noSuchFileOrDirectory)
    #expect(instances().isEmpty)
  }

  /// tools/bench/runq/case.c: a reader polls for a byte that a work item has to deliver while a hog
  /// takes every CPU.
  @Test(.enabled(if: access("/usr/bin/cc", X_OK) == 0, "needs a C compiler"))
  func
    `the flaky test is told back to the hog behind which its kworker waited, five times of five`()
    throws
  {
    let directory = TemporaryDirectory()
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("tools/bench/runq/case.c").path
    let made = try Command(
      ["-O2", "-o", directory.path + "/case", source], executable: "/usr/bin/cc")
    try #require(made.status == 0, "\(made.errors)")
    for _ in 0..<5 {
      let result = try run([directory.path + "/case", "3", "hog"], threshold: 1_000)
      // 1: the reader found nothing in time, 0: its read(2) waited for the work itself.
      #expect(result.status == 0 || result.status == 1)
      let late = result.calls.flatMap { call in call.chains.map { (call, $0) } }.first {
        $0.0.task.comm == "case-reader" && $0.1.segments.contains(where: Self.isLateWorker)
      }
      let (call, chain) = try #require(late)
      // A reader that is just going to sleep when it is woken does not wait for the CPU.
      let last = try #require(chain.segments.last)
      #expect(last.task.comm == "case-reader" || last.ends.hasPrefix("woke case-reader"))
      #expect(chain.segments.reduce(.zero) { $0 + $1.span.length } == chain.span.length)
      #expect(chain.span.length <= call.span.length)
      let delivery = try #require(
        result.deliveries.first { $0.segments.contains(where: Self.isLateWorker) })
      #expect(delivery.work.askedBy.comm == "case-writer")
      #expect(delivery.segments.reduce(.zero) { $0 + $1.span.length } == delivery.length)
      guard result.status == 1 else { continue }
      let budget = try #require(result.polls.first { $0.count >= 90 })
      #expect(budget.task == call.task && budget.span.length < delivery.length)
      // Nobody wrote any more: that is not a late wake-up.
      #expect(result.calls.contains { $0.task == call.task && $0.isTimeout })
    }
    #expect(instances().isEmpty)
  }

  private static func isLateWorker(_ segment: WaitChain.Segment) -> Bool {
    segment.kind == .waitedForCPU && segment.task.comm.hasPrefix("kworker/")
      && segment.behind.contains { $0.name == "case-hog" && $0.net.count > 5_000_000 }
  }

  @Test func `a parent's wait is told back to its child, and adds up`() throws {
    let result = try run(["sh", "-c", "sleep 0.05; true"])
    let call = try #require(result.calls.first { $0.task.comm == "sh" })
    let chain = try #require(call.chains.first)
    #expect(chain.segments.contains { $0.task.comm == "sleep" })
    #expect(chain.segments.reduce(.zero) { $0 + $1.span.length } == chain.span.length)
    #expect(!call.isTimeout)
  }

  @Test func `a live recording sees this machine's waits and loses none when idle`() throws {
    var rows = 0
    let summary = try RunQueueSession(
      plan: RunQueuePlan(
        filter: RunQueueFilter(threshold: .zero), duration: Nanoseconds(300_000_000), hasWork: true,
        hasSoftirqs: true),
      observer: RunQueueObserver(waits: { rows += $0.count })
    ).run()
    #expect(summary.total.count > 0)
    #expect(UInt64(rows) == summary.total.count)
    #expect(summary.lostMarks == 0)
    #expect(summary.damagedPages == 0)
    #expect(summary.pace?.priority == 1)
    #expect(summary.leftovers.isEmpty)
    #expect(instances().isEmpty)
  }

  @Test func `a kernel that cannot filter has all events read, and that is said`() throws {
    func text(_ name: String) -> String {
      (try? String(contentsOfFile: "/sys/kernel/tracing/" + name, encoding: .utf8)) ?? ""
    }
    let canFilter =
      access("/sys/kernel/tracing/synthetic_events", F_OK) == 0
      && text("README").contains("onmatch(")
    var remarks: [String] = []
    var starts = 0
    let summary = try RunQueueSession(
      plan: RunQueuePlan(
        filter: RunQueueFilter(threshold: Nanoseconds(1_000_000_000)),
        duration: Nanoseconds(200_000_000), filterPlace: .kernel),
      observer: RunQueueObserver(started: { starts += 1 }, remark: { remarks.append($0) })
    ).run()
    #expect((summary.leftOutBelow != nil) == canFilter)
    #expect(remarks.contains { $0.contains("cannot filter") } == !canFilter)
    #expect(starts == 1)
    #expect(summary.leftovers.isEmpty)
    #expect(instances().isEmpty)
  }
}
