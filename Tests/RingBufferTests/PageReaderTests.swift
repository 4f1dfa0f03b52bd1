import Testing

@testable import RingBuffer

struct PageReaderTests {
  struct Layout: CustomTestStringConvertible, Sendable {
    var byteOrder: ByteOrder
    var commitSize: Int
    var testDescription: String { "\(byteOrder) endian, commit of \(commitSize) bytes" }
    func reader() throws -> PageReader {
      let header = try HeaderPage(text: commitSize == 8 ? Fixture.header64 : Fixture.header32)
      return PageReader(layout: PageLayout(header: header, byteOrder: byteOrder))
    }
    func builder(_ timestamp: UInt64, pageSize: Int = 4096) -> PageBuilder {
      PageBuilder(
        timestamp: timestamp, byteOrder: byteOrder, commitSize: commitSize, pageSize: pageSize)
    }
    static let all = [
      Layout(byteOrder: .little, commitSize: 8), Layout(byteOrder: .little, commitSize: 4),
      Layout(byteOrder: .big, commitSize: 8), Layout(byteOrder: .big, commitSize: 4),
    ]
  }

  static func head(_ reader: PageReader, _ page: [UInt8]) -> PageHeader? {
    reader.header(of: page.span.bytes)
  }

  static func walk(
    _ reader: PageReader, _ page: [UInt8], pageSize: Int? = nil
  ) -> (records: [RecordRef], status: PageStatus) {
    var records: [RecordRef] = []
    let status = reader.forEachRecord(in: page.span.bytes, pageSize: pageSize) {
      records.append($0)
      return true
    }
    return (records, status)
  }

  @Test(arguments: Layout.all)
  func `every kind of record is read`(_ layout: Layout) throws {
    let reader = try layout.reader()
    var builder = layout.builder(1_000_000)
    builder.event(delta: 0, builder.common(id: 5))
    builder.event(delta: 77, builder.common(id: 6) + [UInt8](repeating: 1, count: 200))
    builder.extend(1 << 40 | 5)
    builder.event(delta: 1, builder.common(id: 7) + [1, 2, 3])
    builder.padding(delta: 3, bytes: 12)
    builder.event(delta: 10, builder.common(id: 8))
    builder.absolute(0x0123_4567_89ab_cdef & (1 << 59 - 1))
    builder.event(delta: 2, builder.common(id: 9))
    let (records, status) = Self.walk(reader, builder.page)
    #expect(status == .complete)
    #expect(records.map(\.id) == [5, 6, 7, 8, 9])
    #expect(records.map(\.length) == [8, 208, 12, 8, 8])
    let third = 1_000_077 + (1 << 40 | 5) + 1 as UInt64
    #expect(
      records.map(\.time) == [
        1_000_000, 1_000_077, third, third + 13, 0x0123_4567_89ab_cdef + 2,
      ])
  }

  @Test func `an absolute stamp takes its high bits from the time before it`() throws {
    let layout = Layout.all[0]
    let base: UInt64 = 0x1800_0000_0000_1000
    var builder = layout.builder(base)
    builder.absolute((base + 500) & (1 << 59 - 1))
    builder.event(delta: 1, builder.common(id: 5))
    builder.absolute(3)
    builder.event(delta: 0, builder.common(id: 5))
    let times = Self.walk(try layout.reader(), builder.page).records.map(\.time)
    #expect(times == [base + 501, 0x2000_0000_0000_0003])
  }

  @Test(arguments: Layout.all)
  func `the lost-events mark is read with and without its count`(_ layout: Layout) throws {
    let reader = try layout.reader()
    for count in [nil, 4_711] as [UInt64?] {
      var builder = layout.builder(5)
      builder.event(delta: 0, builder.common(id: 5))
      builder.lost(count)
      let header = try #require(Self.head(reader, builder.page))
      #expect(header.lost == count.map { .count($0) } ?? .unknownCount)
      #expect(header.commit == 12)
      #expect(Self.walk(reader, builder.page).status == .complete)
    }
  }

  @Test func `a count that does not fit behind the data is unknown`() throws {
    let layout = Layout.all[0]
    var builder = layout.builder(5, pageSize: 28)
    builder.event(delta: 0, builder.common(id: 5))
    builder.lost(1)
    builder.stored = nil
    let header = try #require(Self.head(try layout.reader(), builder.page))
    #expect(header.lost == .unknownCount)
  }

  @Test(arguments: [8192, 16384, 65536])
  func `sub-buffers above 4 KiB are read to their end`(_ pageSize: Int) throws {
    let layout = Layout.all[0]
    var builder = layout.builder(0, pageSize: pageSize)
    while builder.data.count + 104 <= pageSize - 16 {
      builder.event(delta: 1, builder.common(id: 5) + [UInt8](repeating: 0, count: 92))
    }
    let (records, status) = Self.walk(try layout.reader(), builder.page, pageSize: pageSize)
    #expect(status == .complete)
    #expect(records.count == (pageSize - 16) / 104)
    #expect(records.last?.time == UInt64(records.count))
  }

  @Test func `damage is told with its place and keeps what was in front of it`() throws {
    let layout = Layout.all[0]
    let reader = try layout.reader()
    func status(_ change: (inout PageBuilder) -> Void) -> (Int, PageStatus) {
      var builder = layout.builder(1)
      builder.event(delta: 0, builder.common(id: 5))
      change(&builder)
      let (records, status) = Self.walk(reader, builder.page)
      return (records.count, status)
    }
    #expect(
      status { $0.data += [0, 0, 0, 0, 0, 0, 0, 0] } == (1, .damaged(.recordTooShort, offset: 28)))
    #expect(
      status { $0.data += [28, 0, 0, 0, 0, 0, 0, 0] } == (1, .damaged(.recordTooLong, offset: 28)))
    #expect(status { $0.data += [30, 0, 0, 0] } == (1, .damaged(.recordTooLong, offset: 28)))
    #expect(status { $0.data += [9, 0] } == (1, .damaged(.recordTooLong, offset: 28)))
    #expect(status { $0.data += [0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0] }.0 == 2)
    #expect(status { $0.flags = 0x4000 } == (0, .damaged(.commitTooLong, offset: 8)))
    #expect(status { $0.data += [29, 0, 0, 0, 9, 9] } == (1, .complete))
    #expect(Self.walk(reader, [1, 2, 3]).status == .damaged(.shorterThanHeader, offset: 0))
  }

  @Test func `a visitor can stop`() throws {
    let layout = Layout.all[0]
    var builder = layout.builder(1)
    for _ in 0..<3 { builder.event(delta: 1, builder.common(id: 5)) }
    let page = builder.page
    var seen = 0
    let status = try layout.reader().forEachRecord(in: page.span.bytes) { _ in
      seen += 1
      return seen < 2
    }
    #expect(status == .stopped)
    #expect(seen == 2)
  }

  @Test func `a cut page gives its whole records`() throws {
    let layout = Layout.all[0]
    var builder = layout.builder(1)
    for _ in 0..<10 { builder.event(delta: 1, builder.common(id: 5)) }
    let (records, status) = Self.walk(
      try layout.reader(), Array(builder.page.prefix(16 + 12 * 4 + 5)), pageSize: 4096)
    #expect(records.count == 4)
    #expect(status == .damaged(.truncated, offset: 16 + 12 * 4))
  }
}
