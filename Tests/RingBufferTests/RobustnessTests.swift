import Testing
import TraceModel

@testable import RingBuffer

/// Damaged input gives a value or an error, never a trap; a trap ends the whole run.
struct RobustnessTests {
  /// Reads a page by every road and counts what came out, so that nothing is optimised away.
  static func readAll(_ decoder: TraceDecoder) -> Int {
    var count = 0
    for cpu in decoder.cpus {
      let result = decoder.forEachRecord(cpu: cpu) { page, record in
        if record.id == decoder.schema.schedSwitch?.id {
          count += Int(decoder.schema.schedSwitch?.read(page, record)?.nextPid ?? 0) & 1
        }
      }
      count += result.records
    }
    for event in decoder.timeline().merged { count += event.text.utf8.count }
    count += decoder.findMarkers(containing: "a").count
    return count
  }

  static func decoder(_ trace: RawTrace, _ page: [UInt8]) throws -> TraceDecoder {
    var trace = trace
    trace.cpus = [CPUPages(cpu: 0, store: ByteStore(page))]
    return try TraceDecoder(trace: trace)
  }

  /// A page of the fixture that has a stack trace and a marker in it.
  static func page(_ trace: RawTrace) throws -> [UInt8] {
    let bytes = try Fixture.bytes(Fixture.directory + "/live/cpu1.raw")
    return Array(bytes.suffix(4096))
  }

  /// The schema is made once: making it again for every change would hide the pages' own cost.
  @Test func `every single-byte change of a page is survived`() throws {
    let trace = try Fixture.live()
    let page = try Self.page(trace)
    let schema = try TraceDecoder(trace: trace).schema
    let reader = PageReader(layout: schema.layout)
    let names = AddressNames(symbols: SymbolTable(trace.symbols), printkFormats: "")
    var seen = 0
    for offset in page.indices {
      for change in [0x80, 0xff] as [UInt8] {
        var changed = page
        changed[offset] ^= change
        seen += Self.walk(changed, reader, schema, names)
      }
    }
    #expect(seen > 100_000)
  }

  static func walk(
    _ page: [UInt8], _ reader: PageReader, _ schema: Schema, _ names: AddressNames
  ) -> Int {
    var count = 0
    let bytes = page.span.bytes
    let status = reader.forEachRecord(in: bytes, pageSize: 4096) { record in
      if let payload = schema.decoder(id: record.id)?.payload(bytes, record, names),
        case .other(let other) = payload
      {
        count += other.fields.count
      }
      count += 1
      return true
    }
    if case .damaged(_, let offset) = status {
      #expect(offset >= 0 && offset <= 4096)
    }
    return count
  }

  @Test func `every prefix of a page is survived`() throws {
    let trace = try Fixture.live()
    let page = try Self.page(trace)
    var last = 0
    var bare = trace
    bare.formats = []
    for length in 0...page.count {
      let decoder = try Self.decoder(bare, Array(page.prefix(length)))
      let count = decoder.forEachRecord(cpu: 0) { _, _ in }.records
      #expect(count >= last)
      last = count
    }
    #expect(last > 50)
  }

  @Test func `timelines of changed pages keep their order`() throws {
    let trace = try Fixture.live()
    let page = try Self.page(trace)
    for offset in stride(from: 0, to: page.count, by: 197) {
      var changed = page + page
      changed[offset] ^= 0xff
      let decoder = try Self.decoder(trace, changed)
      #expect(Self.readAll(decoder) >= 0)
      let events = decoder.timeline().cpus[0].events
      #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time })
    }
  }

  @Test(arguments: CapturedPagesTests.Source.all)
  func `every single-byte change and every prefix of a captured page is survived`(
    _ source: CapturedPagesTests.Source
  ) throws {
    let reader = try source.reader()
    let trace = try source.trace()
    let schema = Schema(header: try HeaderPage(text: trace.headerPage), formats: trace.formats)
    let names = AddressNames(symbols: SymbolTable(""), printkFormats: "")
    let page = try #require(try source.pages(1).first)
    var seen = 0
    for offset in page.indices {
      var changed = page
      changed[offset] ^= 0xff
      seen += Self.walk(changed, reader, schema, names)
      // The head and the records' beginnings are short; every fourth place cuts each record.
      if offset < 64 || offset.isMultiple(of: 4) {
        seen += Self.walk(Array(page.prefix(offset)), reader, schema, names)
      }
    }
    #expect(seen > 10_000)
  }

  @Test func `every prefix and every single-byte change of a format is survived`() throws {
    let formats = try Fixture.live().formats.filter { format in
      ["sched_switch", "hrtimer_start", "kernel_stack", "print", "softirq_entry"].contains {
        format.text.hasPrefix("name: \($0)\n")
      }
    }
    #expect(formats.count == 5)
    var read = 0
    var refused = 0
    func attempt(_ system: String, _ bytes: [UInt8]) {
      let text = FormatText(system: system, text: String(decoding: bytes, as: UTF8.self))
      do throws(RingBufferError) {
        let format = try EventFormat(text)
        read += 1
        let header = try HeaderPage(text: Fixture.header64)
        _ = EventDecoder(format, layout: PageLayout(header: header), longSize: 8)
      } catch {
        refused += 1
      }
    }
    for format in formats {
      let bytes = Array(format.text.utf8)
      for index in bytes.indices {
        attempt(format.system, Array(bytes.prefix(index)))
        for change in [0x04, 0xff] as [UInt8] {
          var changed = bytes
          changed[index] ^= change
          attempt(format.system, changed)
        }
      }
    }
    #expect(read > 1_000 && refused > 100)
  }

  @Test func `every prefix and every single-byte change of a header page is survived`() throws {
    let bytes = Array(Fixture.header64.utf8)
    var refused = 0
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x0f
      for text in [Array(bytes.prefix(index)), changed] {
        let trace = RawTrace(
          headerPage: String(decoding: text, as: UTF8.self), formats: [],
          cpus: [CPUPages(cpu: 0, store: ByteStore([UInt8](repeating: 3, count: 5000)))])
        do throws(RingBufferError) {
          _ = Self.readAll(try TraceDecoder(trace: trace))
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > bytes.count / 2)
  }
}
