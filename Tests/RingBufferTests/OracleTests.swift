import CTracing
import Testing
import TraceModel

@testable import RingBuffer

/// The same pages through libtraceevent: it must see the same records with the same values.
struct OracleTests {
  @Test func `the recorded pages agree with libtraceevent`() throws {
    let trace = try Fixture.live()
    let oracle = try Oracle(trace)
    let compared = try oracle.compare()
    #expect(compared.records > 1_500)
    #expect(compared.fields > 5_000)
  }

  @Test(arguments: CapturedPagesTests.Source.all)
  func `captured pages agree with libtraceevent`(_ source: CapturedPagesTests.Source) throws {
    var trace = try source.trace()
    trace.cpus = try source.pages(2).enumerated().map { index, page in
      CPUPages(cpu: index, store: ByteStore(page))
    }
    #expect(try Oracle(trace).compare().records > 150)
  }

  /// Kernels write some of these seldom: no capture has them all.
  @Test func `every kind of record agrees with libtraceevent`() throws {
    func event(_ builder: inout PageBuilder, _ delta: UInt64, _ text: String) {
      let bytes = builder.common(id: 5) + builder.number(UInt64(0xffff_ffff_8100_0000), 8)
      builder.event(delta: delta, bytes + Array(text.utf8) + [0])
    }
    var pages: [[UInt8]] = []
    for lost in [nil, UInt64?.none, 4_711] as [UInt64??] {
      var builder = PageBuilder(timestamp: 1_000_000)
      event(&builder, 0, "first")
      event(&builder, 77, String(repeating: "long ", count: 40))
      // Two minutes of suspend.
      builder.extend(120_000_000_000)
      event(&builder, 1, "after a pause")
      builder.padding(delta: 3, bytes: 12)
      event(&builder, 10, "after padding")
      builder.absolute(1 << 45)
      event(&builder, 2, "at an absolute time")
      if let lost { builder.lost(lost) }
      pages.append(builder.page)
    }
    let live = try Fixture.live()
    let trace = RawTrace(
      headerPage: live.headerPage, headerEvent: live.headerEvent, formats: live.formats,
      cpus: pages.enumerated().map { CPUPages(cpu: $0, store: ByteStore($1)) })
    let compared = try Oracle(trace).compare()
    #expect(compared.records == 15)
    #expect(compared.fields >= 15)
  }
}

/// libtraceevent with a trace's formats loaded; only for sound pages, it believes what it reads.
final class Oracle {
  struct Failure: Error { var text: String }

  private let trace: RawTrace
  private let tep: OpaquePointer
  private let buffer: OpaquePointer

  init(_ trace: RawTrace) throws {
    self.trace = trace
    guard let tep = tep_alloc(),
      let buffer = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE)
    else { throw Failure(text: "no memory") }
    self.tep = tep
    self.buffer = buffer
    tep_set_long_size(tep, 8)
    for format in trace.formats {
      let code = format.text.withCString {
        tep_parse_event(tep, $0, UInt(format.text.utf8.count), format.system)
      }
      guard code == TEP_ERRNO__SUCCESS else { continue }
    }
  }

  deinit {
    kbuffer_free(buffer)
    tep_free(tep)
  }

  /// Compares all records of the trace; counts what was compared.
  func compare() throws -> (records: Int, fields: Int) {
    let decoder = try TraceDecoder(trace: trace)
    var records = 0
    var fields = 0
    for cpu in trace.cpus {
      var offset = cpu.range.lowerBound
      while offset + trace.pageSize <= cpu.range.upperBound {
        let page = cpu.store.withBytes(in: offset..<offset + trace.pageSize) { bytes in
          (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        offset += trace.pageSize
        let ours = PageReaderTests.walk(decoder.reader, page, pageSize: trace.pageSize)
        #expect(ours.status == .complete)
        fields += try compare(page, ours.records, decoder)
        records += ours.records.count
      }
    }
    return (records, fields)
  }

  private func compare(
    _ page: [UInt8], _ ours: [RecordRef], _ decoder: TraceDecoder
  ) throws -> Int {
    var page = page
    var index = 0
    var fields = 0
    try page.withUnsafeMutableBytes { raw in
      guard let base = raw.baseAddress, kbuffer_load_subbuffer(buffer, base) == 0 else {
        throw Failure(text: "kbuffer refuses the page")
      }
      let mark = decoder.reader.header(of: UnsafeRawBufferPointer(raw).bytes)?.lost
      let missed: Int32 =
        switch mark {
        case .count(let count)?: Int32(truncatingIfNeeded: count)
        case .unknownCount?: -1
        default: 0
        }
      // kbuffer reports the mark only where no time extend comes before the first event.
      if kbuffer_curr_offset(buffer) == 16 {
        #expect(kbuffer_missed_events(buffer) == missed)
      }
      var time: UInt64 = 0
      var data = kbuffer_read_event(buffer, &time)
      while let record = data {
        guard index < ours.count else { throw Failure(text: "libtraceevent has more records") }
        let our = ours[index]
        check(our.time == time, "stamp \(our.time), not \(time)")
        check(base + our.offset == record, "another place than byte \(our.offset)")
        check(our.length == Int(kbuffer_event_size(buffer)), "another size than \(our.length)")
        fields += compare(our, record, UnsafeRawBufferPointer(raw).bytes, decoder)
        index += 1
        data = kbuffer_next_event(buffer, &time)
      }
    }
    #expect(index == ours.count)
    return fields
  }

  /// Every number of the record.
  private func compare(
    _ our: RecordRef, _ data: UnsafeMutableRawPointer, _ page: RawSpan, _ decoder: TraceDecoder
  ) -> Int {
    guard let format = decoder.schema.format(id: our.id),
      let event = tep_find_event(tep, Int32(our.id))
    else { return 0 }
    check(String(cString: event.pointee.name) == format.name, "another name than \(format.name)")
    var compared = 0
    for field in format.commonFields + format.fields {
      guard let slot = decoder.schema.slot(field.name, of: format),
        let theirs = tep_find_any_field(event, field.name)
      else { continue }
      var value: UInt64 = 0
      guard tep_read_number_field(theirs, data, &value) == 0 else { continue }
      let ours = slot.integer(page, our)
      // libtraceevent gives a signed number in 64 bits only where it was stored in them.
      let mask: UInt64 = slot.size == 8 ? .max : (1 << UInt64(slot.size * 8)) - 1
      check(
        ours.map { UInt64(bitPattern: $0) & mask } == value & mask,
        "\(format.name).\(field.name) \(ours.map { "\($0)" } ?? "missing"), not \(value)")
      compared += 1
    }
    if let reader = decoder.schema.schedSwitch, reader.id == our.id {
      let fields = reader.read(page, our)
      let comm = reader.nextComm(page, our).text
      check(fields?.nextPid == word(event, "next_pid", data), "another number")
      check(fields?.previousPriority == word(event, "prev_prio", data), "another number")
      check(comm == text(event, "next_comm", data), "another name than \(comm)")
    }
    if let reader = decoder.schema.schedWaking, reader.id == our.id {
      let fields = reader.read(page, our)
      let comm = reader.comm(page, our).text
      check(fields?.pid == word(event, "pid", data), "another number")
      check(comm == text(event, "comm", data), "another name than \(comm)")
    }
    return compared
  }

  /// A million `#expect`s would cost more than all that is tested.
  private func check(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { Issue.record("libtraceevent disagrees: \(text())") }
  }

  private func word(
    _ event: UnsafeMutablePointer<tep_event>, _ name: String, _ data: UnsafeMutableRawPointer
  ) -> Int32? {
    var value: UInt64 = 0
    guard let field = tep_find_any_field(event, name),
      tep_read_number_field(field, data, &value) == 0
    else { return nil }
    return Int32(truncatingIfNeeded: value)
  }

  private func text(
    _ event: UnsafeMutablePointer<tep_event>, _ name: String, _ data: UnsafeMutableRawPointer
  ) -> String? {
    guard let field = tep_find_any_field(event, name) else { return nil }
    return String(
      cString: (data + Int(field.pointee.offset)).assumingMemoryBound(to: CChar.self))
  }
}
