import Testing
import TraceModel

@testable import RingBuffer

/// Other people's pages: what `COUNTS.txt` says of each must be met.
@Suite(.enabled(if: Fixture.hasCorpus, "needs the corpus pages in ../shared/corpus/pages"))
struct CorpusTests {
  struct Expectation: Sendable {
    var name = ""
    var size = 0
    var missed = false
    var events = 0
    var kinds: [String: Int] = [:]
    var first: UInt64?
    var last: UInt64?
    var ids: [UInt16: Int] = [:]
    var damaged = false
  }

  static func expectations() throws -> [Expectation] {
    try Fixture.text(Fixture.corpus + "/COUNTS.txt").split(separator: "\n").map { line in
      var words = line.split(separator: " ")
      var expected = Expectation(name: String(words[0]))
      expected.damaged = line.hasSuffix("bad len 0")
      expected.missed = words[3] == "missed"
      words = words.map { $0.filter { !"{}',:".contains($0) } + "" }.map { Substring($0) }
      func after(_ word: Substring) -> Substring {
        words.firstIndex(of: word).map { words[$0 + 1] } ?? ""
      }
      expected.size = try #require(Int(after("size")))
      expected.events = try #require(Int(after("events")))
      for kind in ["pad", "ext", "abs"] { expected.kinds[kind] = Int(after(Substring(kind))) }
      expected.first = UInt64(after("first"))
      expected.last = UInt64(after("last"))
      let ids = words[(words.firstIndex(of: "ids").map { $0 + 1 } ?? words.count)...]
        .compactMap { Int($0) }
      for index in stride(from: 0, to: ids.count - 1, by: 2) {
        expected.ids[UInt16(ids[index])] = ids[index + 1]
      }
      return expected
    }
  }

  static func page(_ name: String) throws -> [UInt8] {
    try Fixture.bytes(Fixture.corpus + "/" + name + ".bin")
  }

  static func reader() throws -> PageReader {
    let text = try Fixture.text(Fixture.corpus + "/formats/events/header_page")
    return PageReader(layout: PageLayout(header: try HeaderPage(text: text)))
  }

  @Test func `every count of COUNTS is met`() throws {
    let reader = try Self.reader()
    let expectations = try Self.expectations()
    #expect(expectations.count == 8)
    for expected in expectations {
      let page = try Self.page(expected.name)
      let header = try #require(PageReaderTests.head(reader, page))
      #expect(header.commit == expected.size, "\(expected.name)")
      #expect(header.lost == (expected.missed ? .unknownCount : .none), "\(expected.name)")
      let (records, status) = PageReaderTests.walk(reader, page)
      #expect(records.count == expected.events, "\(expected.name)")
      #expect(records.first?.time == expected.first, "\(expected.name)")
      #expect(records.last?.time == expected.last, "\(expected.name)")
      var ids: [UInt16: Int] = [:]
      for record in records { ids[record.id, default: 0] += 1 }
      #expect(ids == expected.ids, "\(expected.name)")
      #expect((status != .complete) == expected.damaged, "\(expected.name): \(status)")
      #expect(Self.kinds(page, header.commit) == expected.kinds, "\(expected.name)")
    }
  }

  /// Counts the records that are no events by a walk of its own over sound little-endian pages.
  static func kinds(_ page: [UInt8], _ commit: Int) -> [String: Int] {
    var kinds = ["pad": 0, "ext": 0, "abs": 0]
    var offset = 16
    func word(_ at: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(page[at + $1]) << ($1 * 8) }
    }
    while offset + 8 <= 16 + commit {
      switch word(offset) & 31 {
      case 0:
        guard word(offset + 4) >= 4 else { return kinds }
        offset += 4 + word(offset + 4)
      case 29:
        kinds["pad", default: 0] += 1
        offset += 4 + word(offset + 4)
      case 30:
        kinds["ext", default: 0] += 1
        offset += 8
      case 31:
        kinds["abs", default: 0] += 1
        offset += 8
      case let type: offset += 4 + type * 4
      }
    }
    return kinds
  }

  @Test func `a page with a 4-byte commit is read with its own header`() throws {
    let header = try HeaderPage(text: Fixture.header32)
    let reader = PageReader(layout: PageLayout(header: header))
    let page = try Self.page("unittest_g_four_byte_commit")
    #expect(PageReaderTests.head(reader, page)?.commit == 4)
    #expect(PageReaderTests.walk(reader, page).records.isEmpty)
  }

  @Test func `all formats are read`() throws {
    let formats = try Fixture.corpusFormats()
    #expect(formats.count > 150)
    let header = try HeaderPage(text: Fixture.header64)
    let schema = Schema(header: header, formats: formats)
    #expect(schema.problems.isEmpty, "\(schema.problems)")
  }

  @Test func `events of another kernel are decoded by its formats`() throws {
    let trace = RawTrace(
      headerPage: try Fixture.text(Fixture.corpus + "/formats/events/header_page"),
      formats: try Fixture.corpusFormats(),
      cpus: [
        CPUPages(cpu: 0, store: ByteStore(try Self.page("unittest_g_six_sched_switch"))),
        CPUPages(cpu: 1, store: ByteStore(try Self.page("unittest_g_single_print"))),
      ])
    let timeline = try TraceDecoder(trace: trace).timeline()
    let texts = timeline.cpus[0].events.map(\.text)
    #expect(texts.count == 6)
    #expect(texts.first == "sched_switch: ksoftirqd/0/120 S ==> sleep/120")
    #expect(timeline.cpus[1].events.map(\.payload) == [.marker("Hello, world!")])
    #expect(timeline.cpus[1].events.first?.pid == 28712)
  }
}
