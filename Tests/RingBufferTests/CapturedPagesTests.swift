import Captures
import Testing
import TraceModel

@testable import RingBuffer

/// Pages of other kernels: what a walk in another language counted in each (`Captures/pack counts`)
/// must be met.
struct CapturedPagesTests {
  struct Source: CustomTestStringConvertible, Sendable {
    /// The name without its ending.
    var name: String
    var isRaw = false
    var testDescription: String { name }

    static let all = [
      Source(name: "captures/rt612-up-icount/break-irqoff-raw", isRaw: true),
      Source(name: "captures/rt612-up-icount/break-irqoff-preemptirq-events"),
      Source(name: "captures/debian61rt-up-icount/break-rthog"),
    ]

    /// The trace with its pages on CPU 0.
    func trace() throws -> RawTrace {
      guard isRaw else { return try Captures.trace(name + ".dat") }
      let folder = name + ".raw/"
      return RawTrace(
        headerPage: try Captures.text(folder + "header_page"),
        headerEvent: try Captures.text(folder + "header_event"),
        formats: try Captures.formats("captures/rt612-up-icount"),
        comms: Fixture.comms(try Captures.text(folder + "saved_cmdlines")),
        cpus: [CPUPages(cpu: 0, store: ByteStore(try Captures.bytes(folder + "cpu0.raw")))])
    }

    /// The first `count` pages.
    func pages(_ count: Int = .max) throws -> [[UInt8]] {
      let cpu = try #require(try trace().cpus.first)
      let bytes = cpu.store.withBytes(in: cpu.range) { span in
        span.withUnsafeBytes { [UInt8]($0) }
      }
      return stride(from: 0, to: bytes.count, by: 4_096).prefix(count).map {
        Array(bytes[$0..<$0 + 4_096])
      }
    }

    func reader() throws -> PageReader {
      PageReader(layout: PageLayout(header: try HeaderPage(text: try trace().headerPage)))
    }

    /// The lines of the counts, as words.
    func counts() throws -> [[Substring]] {
      try Captures.text(name + ".counts.txt").split(separator: "\n").dropFirst().map {
        $0.split(separator: " ")
      }
    }
  }

  @Test(arguments: Source.all) func `every count of a page is met`(_ source: Source) throws {
    let reader = try source.reader()
    let pages = try source.pages()
    let counts = try source.counts()
    #expect(pages.count == counts.count && pages.count >= 17)
    for (page, words) in zip(pages, counts) {
      let header = try #require(PageReaderTests.head(reader, page))
      #expect(header.commit == Int(words[0]))
      #expect((header.lost != .none) == (words[1] == "1"))
      let (records, status) = PageReaderTests.walk(reader, page)
      #expect(status == .complete)
      #expect(records.count == Int(words[2]))
      #expect(records.first?.time == UInt64(words[6]))
      #expect(records.last?.time == UInt64(words[7]))
      var ids: [UInt16: Int] = [:]
      for record in records { ids[record.id, default: 0] += 1 }
      let wanted = words[8...].map { $0.split(separator: ":") }
      #expect(ids.count == wanted.count)
      for word in wanted { #expect(UInt16(word[0]).map { ids[$0] } == Int(word[1])) }
    }
  }

  @Test func `absolute stamps and lost events are among the captured pages`() throws {
    let words = try Source.all.flatMap { try $0.counts() }
    #expect(words.count { $0[1] == "1" } == 3)
    #expect(words.count { $0[5] != "0" } > 0)
  }

  @Test(arguments: ["captures/rt612-up-icount", "captures/debian61rt-up-icount"])
  func `all formats of a kernel are read`(folder: String) throws {
    let formats = try Captures.formats(folder)
    #expect(formats.count > 1_000)
    let header = try HeaderPage(text: Fixture.header64)
    let schema = Schema(header: header, formats: formats)
    #expect(schema.problems.isEmpty, "\(schema.problems)")
  }

  @Test func `events of another kernel are decoded by its formats`() throws {
    let timeline = try TraceDecoder(trace: try Source.all[0].trace()).timeline()
    let events = timeline.cpus[0].events
    // The kernel's own text of this moment: break-irqoff-raw.trace.
    let marker = try #require(
      events.first {
        if case .marker(let text) = $0.payload { text.contains("2210 > 500") } else { false }
      })
    #expect(marker.text.contains("hit latency threshold"))
    #expect(
      events.contains {
        $0.text.hasPrefix("sched_switch: ") && $0.text.hasSuffix(" ==> cyclictest/19")
      })
    #expect(
      !events.contains {
        if case .other(let other) = $0.payload { other.name.isEmpty } else { false }
      })
  }
}
