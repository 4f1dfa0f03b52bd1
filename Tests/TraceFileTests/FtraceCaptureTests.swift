import Captures
import Foundation
import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Texts that real kernels and other people's tools wrote.
struct FtraceCaptureTests {
  @Test(arguments: Captures.all([".trace", "timerlat_trace.txt"]))
  func `every line is understood and as many events found as the header says`(
    path: String
  ) throws {
    let text = FtraceTextReader.read(ByteStore(try Captures.bytes(path)))
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
    .enabled(if: TraceCmd.isThere, "needs trace-cmd"), arguments: Captures.all([".dat"]))
  func `what trace-cmd prints of a file is understood`(path: String) throws {
    let report = try run(["trace-cmd", "report", "-i", Captures.path(path)])
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

  @Test(.enabled(if: TraceCmd.isThere, "needs trace-cmd"), arguments: ["-R", "-t", "-N"])
  func `what trace-cmd prints with other options has the same events`(option: String) throws {
    let path = Captures.path("captures/rt612-up-icount/break-rthog.dat")
    let texts = try [[], [option]].map { options in
      let report = try run(["trace-cmd", "report"] + options + ["-i", path])
      return FtraceTextReader.read(ByteStore(Array(report.output.utf8)))
    }
    #expect(texts.allSatisfy { $0.problems.isEmpty })
    let events = texts.map { $0.timeline.merged }
    #expect(events[0].count == events[1].count && events[0].count > 100)
    for (plain, other) in zip(events[0], events[1]) {
      #expect(abs((plain.time - other.time).count) < 1_000)
      #expect(plain.pid == other.pid)
    }
  }

  @Test func `fifty megabytes a second`() throws {
    let store = ByteStore(try Captures.bytes("captures/locked618-events/t3.trace"))
    let clock = ContinuousClock()
    var count = 0
    let time = clock.measure { count = FtraceTextReader.read(store).sections[0].eventCount }
    let rate =
      Double(store.count) / 1e6
      / (Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
    print("ftrace text: \(count) events, \(Int(rate)) MB/s")
    #expect(count > 130_000)
    #if !DEBUG
      #expect(rate > 50)
    #endif
  }
}
