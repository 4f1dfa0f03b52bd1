import Foundation
import Testing

/// `--escalate` on a kernel that has none of the tracers that it goes on to.
@Suite(
  .serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"),
  .enabled(if: Machine.hasNothingToEscalateTo, "this kernel has a tracer to escalate to"))
struct EscalationLiveTests {
  private static let measurement = ["-a", "0", "-t", "1", "-q", "-i", "1000", "-b", "1"]

  /// Instances of the run, and of the guardian that it may have started.
  private func instances(of command: Command) -> [String] {
    Machine.instances().filter { $0.hasPrefix("breaktrace.\(command.pid).") }
  }

  @Test func `it is refused with the kernel's options, and nothing is left`() throws {
    let directory = TemporaryDirectory()
    let before = try TracefsSnapshot.take()
    let command = try Command(
      Self.measurement + ["--escalate", "--output", directory.path])
    #expect(command.status == 3, "\(command.errors)")
    #expect(command.output.isEmpty, "\(command.output)")
    let lines = command.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(command.errors)")
    for word in [
      "cannot choose a tracer from available_tracers", "--escalate", "CONFIG_IRQSOFF_TRACER",
      "CONFIG_SCHED_TRACER", "CONFIG_HWLAT_TRACER", "CONFIG_FUNCTION_GRAPH_TRACER",
      "events and stacks are recorded anyway",
    ] {
      #expect(command.errors.contains(word), "no \(word) in: \(command.errors)")
    }
    #expect(instances(of: command).isEmpty)
    #expect(try TracefsSnapshot.take() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  @Test func `the next step that it names takes the spike`() throws {
    let directory = TemporaryDirectory()
    let before = try TracefsSnapshot.take()
    let command = try Command(Self.measurement + ["-D", "20", "--output", directory.path])
    #expect(command.status == 2, "\(command.errors)")
    #expect(command.output.contains("Subject: breaktrace: "))
    let bundles = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(bundles.count == 1 && bundles.first?.hasPrefix("breaktrace-") == true, "\(bundles)")
    #expect(instances(of: command).isEmpty)
    #expect(try TracefsSnapshot.take() == before)
  }

  @Test(arguments: [
    ["--escalate", "--spikes", "3"], ["--escalate", "--no-trace"], ["--escalate-budget", "5"],
  ])
  func `what contradicts it is wrong use before anything is armed`(words: [String]) throws {
    let command = try Command(Self.measurement + words)
    #expect(command.status == 64, "\(command.errors)")
    #expect(command.errors.contains("--escalate"))
    #expect(instances(of: command).isEmpty)
  }
}
