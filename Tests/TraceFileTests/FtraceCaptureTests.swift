import Foundation
import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Texts that real kernels and other people's tools wrote.
@Suite(.enabled(if: Shared.isThere, "needs the shared material beside the clone"))
struct FtraceCaptureTests {
  static let texts = Shared.files("captures").filter {
    ($0.hasSuffix(".trace") || $0.hasSuffix(".trace.xz"))
      || $0.hasSuffix("timerlat_trace.txt.xz")
  }

  @Test(arguments: texts)
  func `every line is understood and as many events found as the header says`(
    path: String
  ) throws {
    let text = FtraceTextReader.read(ByteStore(try Shared.bytes("captures/" + path)))
    // rtla's own recording has stamps that go back where interrupts nest.
    let isTangled = path.contains("rtla-timerlat-auto")
    #expect(
      text.problems.allSatisfy { isTangled && $0.text.contains("sorted") },
      "\(text.problems.prefix(3))")
    #expect(text.sections.count == 1)
    let wanted = text.header.entriesInBuffer
    // A leaf of the graph tracer is one line for two entries.
    let leaves = text.timeline.merged.count {
      if case .other(let event) = $0.payload { event.name == "funcgraph_leaf" } else { false }
    }
    if let wanted { #expect(text.sections[0].eventCount + leaves == Int(wanted)) }
    #expect(
      wanted != nil || path.contains("graph") || path.contains("osnoise")
        || path.contains("timerlat"))
    #expect(!text.header.tracer.isEmpty)
    for cpu in text.timeline.cpus {
      #expect(cpu.gaps == [])
      for (a, b) in zip(cpu.events, cpu.events.dropFirst()) where b.time < a.time {
        Issue.record("stamps go back at line \(b.position)")
        break
      }
      // No event without a name, and no core event that was left as text.
      for event in cpu.events {
        guard case .other(let other) = event.payload else { continue }
        if other.name.isEmpty || EventNames.isKnown(other.name) {
          Issue.record("line \(event.position): \(other)")
          break
        }
      }
    }
  }

  @Test(
    arguments: [
      ("trappy_4fbf4c96_raw_trace.txt", 3), ("trappy_94f2aaa0_trace_systrace.html", 10),
      ("trappy_0a81cdc2_trace_sched.txt", 6), ("trappy_9a655474_trace_failed_to_parse.txt", 11),
      ("trappy_2207cca0_trace_idle_unsorted.txt", 15), ("trappy_ab19df45_trace_not_raw.txt", 757),
    ]) func `texts of others hold the events that are known of them`(path: String, count: Int)
    throws
  {
    let text = FtraceTextReader.read(ByteStore(try Shared.bytes("corpus/text/" + path)))
    #expect(text.sections.map(\.eventCount) == [count])
    #expect(text.problems.allSatisfy { $0.text.contains("sorted") }, "\(text.problems.prefix(3))")
  }

  @Test(
    .enabled(if: Shared.hasTraceCmd, "needs trace-cmd"),
    arguments: Shared.files("captures").filter { $0.hasSuffix(".dat") })
  func `what trace-cmd prints of a file is understood`(path: String) throws {
    let report = try run(["trace-cmd", "report", "-i", Shared.root + "/captures/" + path])
    let text = FtraceTextReader.read(ByteStore(Array(report.output.utf8)))
    #expect(text.problems == [])
    let lines = report.output.split(separator: "\n").filter {
      $0.contains("] ") && $0.contains(": ")
    }
    #expect(text.sections[0].eventCount == lines.count)
    #expect(lines.count > 100)
    for cpu in text.timeline.cpus {
      for event in cpu.events {
        guard case .other(let other) = event.payload else { continue }
        if other.name.isEmpty || EventNames.isKnown(other.name) {
          Issue.record("line \(event.position): \(other)")
          break
        }
      }
    }
  }

  @Test func `fifty megabytes a second`() throws {
    let store = ByteStore(try Shared.bytes("captures/locked618-events/t3.trace.xz"))
    let clock = ContinuousClock()
    var count = 0
    let time = clock.measure { count = FtraceTextReader.read(store).sections[0].eventCount }
    let rate =
      Double(store.count) / 1e6
      / (Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
    print("ftrace text: \(count) events, \(Int(rate)) MB/s")
    #expect(count > 300_000)
    #if !DEBUG
      #expect(rate > 50)
    #endif
  }
}
