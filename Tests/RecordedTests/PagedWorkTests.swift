import Analysis
import Captures
import Foundation
import Report
import RingBuffer
import Testing
import TraceFile
import TraceModel

@testable import Recorded

/// What is explained without a wake-up is the same of pages and of the text of the same buffer.
struct PagedWorkTests {
  private static func fixture(_ name: String) throws -> RecordedTrace {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try RecordedTrace(path: folder.path + "/Fixtures/\(name).zst")
  }

  private static func capture(_ name: String) throws -> RecordedTrace {
    try RecordedTrace(
      bytes: try Captures.bytes("captures/rt612-up-icount/\(name)"), name: name)
  }

  private static func source(_ trace: RecordedTrace) throws -> TraceSource {
    try #require(trace.sources.first)
  }

  private static func trace(_ raw: RawTrace) throws -> TraceSource {
    TraceSource(
      name: "", body: .pages(try PagedTrace(raw, clock: StampClock(nil, clock: raw.clock))))
  }

  @Test func `the longest section between two events`() throws {
    let pages = try Self.capture("break-irqoff-preemptirq-events.dat")
    let text = try Self.capture("break-irqoff-preemptirq-events.trace")
    let (a, b) = (
      try #require(PairedSection(try Self.source(pages), threshold: nil)),
      try #require(PairedSection(try Self.source(text), threshold: nil))
    )
    #expect(abs(a.length.count - b.length.count) <= 1_000)
    #expect(abs((a.derived.sample.expiry - b.derived.sample.expiry).count) <= 1_000)
    #expect(a.derived.sample.task == b.derived.sample.task)
    #expect(a.derived.measured?.startFunction == b.derived.measured?.startFunction)
    #expect(a.derived.measured?.endFunction == b.derived.measured?.endFunction)
    let (x, y) = (
      pages.report(a.derived, a.source, "").analysis.culprit,
      text.report(b.derived, b.source, "").analysis.culprit
    )
    #expect(x.culprit == y.culprit)
    #expect(x.name == y.name)
    #expect(x.name == "execute_preemptirqtest")
    #expect(x.confidence == y.confidence)
    #expect(
      PairedSection(a.source, threshold: a.length - Nanoseconds(1)) != nil
        && PairedSection(a.source, threshold: a.length) == nil)
  }

  @Test func `the calls of function_graph with most time of their own`() throws {
    let pages = try Self.fixture("function_graph.dat")
    let text = try Self.fixture("function_graph.txt")
    let a = try #require(TracedWork(try Self.source(pages)))
    let b = try #require(TracedWork(try Self.source(text)))
    #expect(a.areCalls && b.areCalls)
    #expect(a.works.map(\.name) == b.works.map(\.name))
    #expect(a.works.count == 3)
    for (one, other) in zip(a.works, b.works) {
      #expect(abs(one.time.count - other.time.count) <= 20, "\(one) \(other)")
    }
    // The line in which a call ends whose begin was overwritten says nothing of what it called
    // before.
    #expect(!a.works.contains { $0.name == "vfs_write" })
    let said = pages.analyze(AnalyzeRequest(), toolVersion: "").remarks
    #expect(said.contains { $0.contains(a.works[0].name) && $0.contains("(CPU 0 at ") }, "\(said)")
  }

  @Test func `the longest stretch after a function's line`() throws {
    let pages = try Self.capture("break-irqoff-function.dat")
    let text = try Self.capture("break-irqoff-function.trace")
    let a = try #require(TracedWork(try Self.source(pages)))
    let b = try #require(TracedWork(try Self.source(text)))
    #expect(!a.areCalls && !b.areCalls)
    #expect(a.works.first?.name == b.works.first?.name)
    for (one, other) in zip(a.works, b.works) {
      #expect(abs(one.time.count - other.time.count) <= 1_000, "\(one) \(other)")
    }
  }

  @Test func `a sleeping task holds no preemption`() throws {
    let lines = """
      # tracer: nop
          kworker-40    [001] d..1   50.000000: preempt_disable: caller=schedule+0x10/0x90 parent=schedule+0x10/0x90
           <idle>-0     [001] d..1   50.000010: irq_enable: caller=finish_task_switch+0x90/0x210 parent=__schedule+0x20/0x20
           <idle>-0     [001] d..1   50.000020: irq_disable: caller=do_idle+0x90/0x210 parent=cpu_startup_entry+0x20/0x20
          kworker-40    [001] d..1   50.080000: irq_enable: caller=finish_task_switch+0x90/0x210 parent=__schedule+0x20/0x20
          kworker-40    [001] ...1   50.080003: preempt_enable: caller=schedule+0x34/0x90 parent=schedule+0x34/0x90
              fio-810   [001] ...1   50.100000: preempt_disable: caller=disk_submit+0x20/0x90 parent=disk_submit+0x20/0x90
              fio-810   [001] ...1   50.100310: preempt_enable: caller=disk_submit+0x60/0x90 parent=disk_submit+0x60/0x90

      """
    let trace = try RecordedTrace(bytes: Array(lines.utf8), name: "sections")
    let report = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
    #expect(report.analysis.culprit.name == "disk_submit")
    #expect(report.analysis.sample.latency == Nanoseconds(microseconds: 310))
    #expect(report.analysis.culprit.confidence <= .likely)
  }

  @Test func `damaged pages give sections and calls or nothing`() throws {
    let graph = try #require(try Self.fixture("function_graph.dat").sources.first)
    let raws = [
      try Captures.trace("captures/rt612-up-icount/break-irqoff-preemptirq-events.dat"),
      try #require(graph.pages?.raw),
    ]
    for raw in raws {
      let pages = raw.cpus[0]
      let all = pages.store.withBytes(in: pages.range) { span in
        span.withUnsafeBytes { [UInt8]($0) }
      }
      var small = raw
      func take(_ bytes: [UInt8]) throws {
        small.cpus = [CPUPages(cpu: pages.cpu, store: ByteStore(bytes))]
        guard let source = try? Self.trace(small) else { return }
        _ = PairedSection(source, threshold: nil)
        _ = TracedWork.remark(source)
      }
      let part = Array(all.prefix(2 * raw.pageSize))
      for length in stride(from: 0, through: part.count, by: 97) {
        try take(Array(part[..<length]))
      }
      for index in stride(from: 0, to: part.count, by: 41) {
        for bit in [UInt8(1), 0x80] {
          var flipped = part
          flipped[index] ^= bit
          try take(flipped)
        }
      }
    }
  }
}

extension TraceSource {
  fileprivate var pages: PagedTrace? { if case .pages(let pages) = body { pages } else { nil } }
}
