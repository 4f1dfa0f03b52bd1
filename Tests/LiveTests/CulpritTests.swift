import Foundation
import Recorded
import Session
import SystemPackage
import Testing
import TraceModel

/// Causes injected on purpose on this machine, and the name that the report gives them; five times
/// each.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct CulpritTests {
  private static let rounds = 1...5

  /// Measures on one CPU until the threshold is hit; the faults run meanwhile.
  ///
  /// Spikes of the machine's own come in between: those that `isOurs` denies are measured again, up
  /// to ten times.
  private func measure(
    _ arguments: [String], threshold: Int, faults: [Fault], executable: String = Command.executable,
    isOurs: (ReportFile) -> Bool
  ) throws -> ReportFile {
    for _ in 1..<10 {
      let report = try measure(
        arguments, threshold: threshold, faults: faults, executable: executable)
      #expect(report.sumsAreExact)
      if isOurs(report) { return report }
    }
    return try measure(arguments, threshold: threshold, faults: faults, executable: executable)
  }

  private func measure(
    _ arguments: [String], threshold: Int, faults: [Fault], executable: String
  ) throws -> ReportFile {
    let directory = TemporaryDirectory()
    let words =
      arguments + [
        "-q", "-i", "1000", "-D", "20", "-b", "\(threshold)", "--format", "json", "--output",
        directory.path,
      ]
    var running: [FaultBox] = []
    for fault in faults { running.append(try FaultBox(fault)) }
    defer { for fault in running { fault.stop() } }
    let command = try Command(words, executable: executable) { process in
      // A fault that acts on the measuring process receives its id.
      for fault in faults where fault.target == -1 {
        var aimed = fault
        aimed.target = process.processIdentifier
        running.append(try FaultBox(aimed))
      }
    }
    #expect(command.status == 2, "\(command.errors)")
    let report = try ReportFile(command.output)
    // The control thread has a real-time priority for the report only.
    #expect(report.rt_threads.filter { $0.comm == "breaktrace" }.isEmpty)
    #expect(!report.rt_threads.isEmpty)
    return report
  }

  @Test(arguments: rounds) func `a FIFO task above ours is named`(round: Int) throws {
    let hog = Fault(
      .hog, name: "bt-above", cpu: 1, policy: .fifo, priority: 90,
      busy: Nanoseconds(6_000_000), period: Nanoseconds(300_000_000), duration: .seconds(20),
      delay: Nanoseconds(600_000_000))
    let report = try measure(
      ["-a", "1", "-t", "1", "-p", "80"], threshold: 3_500, faults: [hog]
    ) { $0.isFilled(by: "bt-above-") }
    #expect(report.spike.culprit.class == "higher-priority-task")
    #expect(report.spike.culprit.name.hasPrefix("bt-above-"))
    #expect(report.sumsAreExact)
  }

  @Test(arguments: rounds) func `a FIFO task at our priority is named`(round: Int) throws {
    let hog = Fault(
      .hog, name: "bt-equal", cpu: 1, policy: .fifo, priority: 80,
      busy: Nanoseconds(6_000_000), period: Nanoseconds(300_000_000), duration: .seconds(20),
      delay: Nanoseconds(600_000_000))
    let report = try measure(
      ["-a", "1", "-t", "1", "-p", "80"], threshold: 3_500, faults: [hog]
    ) { $0.isFilled(by: "bt-equal-") }
    #expect(report.spike.culprit.class == "same-priority-task")
    #expect(report.spike.culprit.name.hasPrefix("bt-equal-"))
    #expect(report.sumsAreExact)
  }

  @Test(arguments: rounds) func `a normal thread behind a FIFO loop is throttled or the server's`(
    round: Int
  ) throws {
    let loop = Fault(
      .hog, name: "bt-loop", cpu: 1, policy: .fifo, priority: 40, busy: .seconds(20),
      period: .seconds(20), duration: .seconds(20), delay: Nanoseconds(600_000_000))
    let report = try measure(
      ["-a", "1", "-t", "1", "--policy", "other", "--buffer", "8192"], threshold: 300_000,
      faults: [loop]
    ) { $0.isFilled(by: "bt-loop-") }
    // A kernel may have both: which of them took the CPU from the loop is the kernel's choice.
    #expect(["rt-throttling", "deadline-server"].contains(report.spike.culprit.class))
    #expect(report.spike.culprit.name.hasPrefix("bt-loop-"))
    #expect(report.sumsAreExact)
  }

  @Test(arguments: rounds) func `a normal thread behind normal ones waited on the run queue`(
    round: Int
  ) throws {
    let neighbours = (0..<4).map { number in
      Fault(
        .hog, name: "bt-neighbour\(number)", cpu: 1, nice: -10, busy: .seconds(20),
        period: .seconds(20),
        duration: .seconds(20))
    }
    let report = try measure(
      ["-a", "1", "-t", "1", "--policy", "other"], threshold: 3_500, faults: neighbours
    ) { $0.isFilled(by: "bt-neighbour") }
    #expect(report.spike.culprit.class == "run-queue")
    #expect(report.spike.culprit.name.hasPrefix("bt-neighbour"))
    #expect(report.sumsAreExact)
  }

  @Test func `page faults without locked memory are named`() throws {
    // A copy of the program: pages that the fault's own process maps too are not evicted.
    let directory = TemporaryDirectory()
    let copy = directory.path + "/breaktrace-copy"
    try FileManager.default.copyItem(atPath: Command.executable, toPath: copy)
    // Pages that are not on the disk yet are not evicted.
    let file = open(copy, O_RDONLY)
    fsync(file)
    close(file)
    let evict = Fault(
      .pageOut, name: "bt-evict", cpu: 0, period: .seconds(1), duration: .seconds(20),
      delay: .seconds(1), target: -1)
    // Spikes of the machine's own come in between: five that are ours, out of fifteen at most.
    var ours = 0
    for _ in 0..<15 where ours < 5 {
      let report = try measure(
        ["-a", "1", "-t", "1", "-p", "80", "--no-mlockall"], threshold: 700, faults: [evict],
        executable: copy)
      #expect(report.sumsAreExact)
      // A fault in the first half of the wait, derived from the excerpt, not from a rule.
      let faulted = report.spike.excerpt.contains { line in
        line.text?.hasPrefix("page_fault_user") == true
          && (line.offset_ns ?? .max) <= report.spike.latency_ns / 2
      }
      guard faulted else { continue }
      ours += 1
      #expect(report.spike.culprit.class == "page-fault")
    }
    #expect(ours > 0)
  }

  @Test func `nothing is left in tracefs`() throws {
    let directory = TemporaryDirectory()
    let command = try Command(
      ["-q", "-t", "1", "-D", "1", "-b", "1000000", "--output", directory.path])
    #expect(command.status == 0, "\(command.errors)")
    #expect(!Machine.instances().contains { $0.hasPrefix("breaktrace.\(command.pid).") })
  }
}

/// Keeps a running fault in an array.
private final class FaultBox {
  private var process: FaultProcess?

  init(_ fault: Fault) throws {
    guard fault.target >= 0 else { return }
    process = try FaultProcess(fault, executable: Command.executable)
  }

  func stop() {
    if let running = process.take() { running.stop() }
  }
}

extension Nanoseconds {
  fileprivate static func seconds(_ count: Int64) -> Nanoseconds {
    Nanoseconds(count * 1_000_000_000)
  }
}
