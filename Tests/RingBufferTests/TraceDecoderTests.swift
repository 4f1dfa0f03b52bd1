import Testing
import TraceModel

@testable import RingBuffer

struct TraceDecoderTests {
  @Test func `the fixture holds what the kernel's own text of it holds`() throws {
    let decoder = try TraceDecoder(trace: Fixture.live())
    #expect(decoder.schema.problems.isEmpty)
    let timeline = decoder.timeline()
    #expect(timeline.clock == "mono")
    #expect(timeline.cpus.map(\.cpu) == [0, 1])
    // The kernel's text counts a marker and a stack trace as entries too.
    #expect(timeline.cpus[0].events.count == 1084)
    #expect(timeline.cpus[1].events.count == 685)
    for cpu in timeline.cpus {
      #expect(cpu.gaps.isEmpty)
      #expect(cpu.oldest == cpu.events.first?.time)
      #expect(zip(cpu.events, cpu.events.dropFirst()).allSatisfy { $0.time <= $1.time })
    }
    let stacks = timeline.cpus.map { cpu in
      cpu.events.filter { if case .stack = $0.payload { true } else { false } }.count
    }
    #expect(stacks == [1, 3])
    let switches = timeline.cpus[1].events.filter {
      if case .switched = $0.payload { true } else { false }
    }
    #expect(switches.count > 20)
    for event in timeline.merged {
      if case .other(let other) = event.payload {
        #expect(!other.fields.contains { $0.value == "?" }, "\(other)")
      }
    }
    #expect(timeline.comms[15] == "rcu_preempt")
  }

  @Test func `functions are named by the trace's symbols`() throws {
    let timeline = try TraceDecoder(trace: Fixture.live()).timeline()
    let stack = try #require(
      timeline.cpus[1].events.compactMap { event -> [CodeLocation]? in
        if case .stack(let frames) = event.payload { frames } else { nil }
      }.first)
    #expect(stack.allSatisfy { !$0.symbol.isEmpty })
    #expect(stack.last?.symbol == "entry_SYSCALL_64_after_hwframe")
    #expect(timeline.merged.contains { $0.text.contains("function=hrtimer_wakeup") })
  }

  @Test func `a span gives only its own events`() throws {
    let decoder = try TraceDecoder(trace: Fixture.live())
    let all = try #require(decoder.timeline()[cpu: 0])
    let span = TimeSpan(all.events[300].time, all.events[700].time)
    let part = try #require(decoder.timeline(in: span, cpus: CPUSet([0]))[cpu: 0])
    #expect(part.events == all.events.filter { span.contains($0.time) })
    #expect(part.oldest == all.oldest)
    let more = try #require(
      decoder.timeline(in: span, cpus: CPUSet([0]), pagesBefore: 1)[cpu: 0])
    #expect(more.events.count > part.events.count)
    #expect(more.events.last == part.events.last)
    #expect(Array(more.events.suffix(part.events.count)) == part.events)
    #expect(decoder.timeline(in: span, cpus: CPUSet([0])).cpus.count == 1)
  }

  @Test func `a span outside the buffer is empty`() throws {
    let decoder = try TraceDecoder(trace: Fixture.live())
    let whole = try #require(decoder.timeSpan)
    for span in [
      TimeSpan(.zero, Nanoseconds(5)), TimeSpan(whole.end, whole.end + Nanoseconds(9)),
      TimeSpan(Nanoseconds(.min), Nanoseconds(.min)),
    ] {
      #expect(decoder.timeline(in: span).merged.isEmpty)
    }
    let everything = TimeSpan(Nanoseconds(.min), Nanoseconds(.max))
    #expect(decoder.timeline(in: everything).merged.count == 1769)
    #expect(decoder.timeline(in: whole).merged.count == 1769)
  }

  @Test func `bulk scanning sees every record of the timeline`() throws {
    let decoder = try TraceDecoder(trace: Fixture.live())
    let reader = try #require(decoder.schema.schedSwitch)
    var switches: [SwitchFields] = []
    var comms: [String] = []
    let result = decoder.forEachRecord(cpu: 1) { page, record in
      guard record.id == reader.id, let fields = reader.read(page, record) else { return }
      switches.append(fields)
      comms.append(reader.nextComm(page, record).text)
    }
    #expect(result.records == 685)
    #expect(result.lostMarks == 0 && result.damagedPages == 0)
    let expected = try #require(decoder.timeline()[cpu: 1]).events.compactMap { event in
      if case .switched(let fields) = event.payload { fields } else { nil }
    }
    #expect(switches.map(\.nextPid) == expected.map(\.next.pid))
    #expect(comms == expected.map(\.next.comm))
    #expect(
      switches.map { reader.states.state($0.previousState) } == expected.map(\.previousState))
  }

  @Test func `markers are found from the end`() throws {
    let decoder = try TraceDecoder(trace: Fixture.live())
    let hits = decoder.findMarkers(containing: "of the fix", limit: 1)
    #expect(hits.map(\.text) == ["a marker of the fixture"])
    #expect(hits.first?.cpu == 1)
    #expect(decoder.findMarkers(containing: "nothing like it").isEmpty)
    #expect(decoder.findMarkers(containing: "fixture", limit: 0).isEmpty)
  }

  /// Two CPUs with a marker every 10 ns, alternating; 3 pages each.
  static func markers() throws -> TraceDecoder {
    let format = Fixture.format(
      "ftrace", "print", id: 5,
      [
        "field:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;",
        "field:char buf[];\toffset:16;\tsize:0;\tsigned:0;",
      ])
    let cpus = (0..<2).map { cpu -> CPUPages in
      var bytes: [UInt8] = []
      for page in 0..<3 {
        var builder = PageBuilder(timestamp: UInt64(page * 1000 + cpu * 5))
        for index in 0..<100 {
          builder.event(
            delta: index == 0 ? 0 : 10,
            builder.common(id: 5) + builder.number(UInt64(0), 8)
              + Array("mark \(page) \(index)\n".utf8) + [0])
        }
        bytes += builder.page
      }
      return CPUPages(cpu: cpu, store: ByteStore(bytes))
    }
    return try TraceDecoder(
      trace: RawTrace(headerPage: Fixture.header64, formats: [format], cpus: cpus))
  }

  @Test func `the newest markers of all CPUs come first`() throws {
    let decoder = try Self.markers()
    let all = decoder.findMarkers(containing: "mark")
    #expect(all.count == 600)
    #expect(all.first?.time == Nanoseconds(2995) && all.last?.time == .zero)
    #expect(decoder.findMarkers(containing: "mark", limit: 7) == Array(all.prefix(7)))
    #expect(
      decoder.findMarkers(containing: "mark 0 99", limit: 1).map(\.time) == [Nanoseconds(995)])
  }

  @Test func `lost events are a gap between the stamps around it`() throws {
    var first = PageBuilder(timestamp: 100)
    first.event(delta: 0, first.common(id: 5))
    first.lost(9)
    var second = PageBuilder(timestamp: 500)
    second.event(delta: 20, second.common(id: 5))
    second.lost(nil)
    var third = PageBuilder(timestamp: 900)
    third.event(delta: 0, third.common(id: 5))
    third.lost(33)
    let trace = RawTrace(
      headerPage: Fixture.header64, formats: [],
      cpus: [CPUPages(cpu: 3, store: ByteStore(first.page + second.page + third.page))])
    let decoder = try TraceDecoder(trace: trace)
    let cpu = try #require(decoder.timeline()[cpu: 3])
    let gaps = [
      TimelineGap(
        span: TimeSpan(Nanoseconds(100), Nanoseconds(520)), cause: .lostEvents(count: nil)),
      TimelineGap(
        span: TimeSpan(Nanoseconds(520), Nanoseconds(900)), cause: .lostEvents(count: 33)),
    ]
    #expect(cpu.gaps == gaps)
    #expect(cpu.oldest == Nanoseconds(100))
    #expect(
      cpu.events.map(\.payload)
        == [
          EventPayload
        ](repeating: .other(OtherEvent(system: "", name: "event 5", fields: [])), count: 3))
    let part = TimeSpan(Nanoseconds(890), Nanoseconds(990))
    #expect(decoder.timeline(in: part)[cpu: 3]?.gaps == [gaps[1]])
    // The span ends in the hole: the page after it is not read, its mark counts all the same.
    let hole = TimeSpan(Nanoseconds(600), Nanoseconds(700))
    #expect(decoder.timeline(in: hole)[cpu: 3]?.gaps == [gaps[1]])
    #expect(decoder.timeline(in: hole).merged.isEmpty)
    #expect(decoder.forEachRecord(cpu: 3) { _, _ in }.lostMarks == 2)
  }

  @Test func `a damaged page is a gap and the pages around it are kept`() throws {
    var pages: [[UInt8]] = []
    for number in 0..<3 {
      var builder = PageBuilder(timestamp: UInt64(1000 * number))
      for _ in 0..<5 { builder.event(delta: 10, builder.common(id: 5)) }
      pages.append(builder.page)
    }
    var broken = pages
    broken[1][16 + 12 * 2] = 0
    broken[1][16 + 12 * 2 + 4] = 0
    func timeline(_ pages: [[UInt8]]) throws -> CPUTimeline {
      let trace = RawTrace(
        headerPage: Fixture.header64, formats: [],
        cpus: [CPUPages(cpu: 0, store: ByteStore(pages.flatMap { $0 }))])
      return try #require(try TraceDecoder(trace: trace).timeline()[cpu: 0])
    }
    let cpu = try timeline(broken)
    #expect(cpu.events.count == 12)
    #expect(cpu.gaps.map(\.span) == [TimeSpan(Nanoseconds(1020), Nanoseconds(2010))])
    guard case .damaged(let text)? = cpu.gaps.first?.cause else {
      Issue.record("no damage")
      return
    }
    #expect(text.contains("page at byte 4096"))
    var headless = pages
    headless[1][8...11] = [0xff, 0xff, 0xff, 0x07]
    #expect(
      try timeline(headless).gaps.map(\.span) == [TimeSpan(Nanoseconds(50), Nanoseconds(2000))])
    let swapped = try timeline([pages[1], pages[0], pages[2]])
    #expect(swapped.events.count == 15)
    #expect(zip(swapped.events, swapped.events.dropFirst()).allSatisfy { $0.time <= $1.time })
    #expect(swapped.gaps.count == 1)
    let cut = try timeline([pages[0], pages[1], Array(pages[2].prefix(16 + 30))])
    #expect(cut.events.count == 12)
    #expect(cut.gaps.count == 1)
  }

  @Test func `the index finds the pages of a span`() throws {
    var bytes: [UInt8] = []
    for number in 1...10 {
      var builder = PageBuilder(timestamp: UInt64(number * 100))
      for _ in 0..<10 { builder.event(delta: 10, builder.common(id: 5)) }
      bytes += builder.page
    }
    let decoder = try TraceDecoder(
      trace: RawTrace(
        headerPage: Fixture.header64, formats: [],
        cpus: [CPUPages(cpu: 0, store: ByteStore(bytes))]))
    let index = try #require(decoder.pageIndex(cpu: 0))
    #expect(index.isOrdered && index.problems.isEmpty && index.pages.count == 10)
    func pages(_ start: Int64, _ end: Int64, before: Int = 0) -> Range<Int> {
      index.pages(
        overlapping: TimeSpan(Nanoseconds(start), Nanoseconds(end)), before: before)
    }
    #expect(pages(350, 360) == 2..<3)
    #expect(pages(350, 401) == 2..<4)
    // The last record of the page before may have the stamp with which the next begins.
    #expect(pages(400, 401) == 2..<4)
    #expect(pages(350, 360, before: 2) == 0..<3)
    #expect(pages(350, 360, before: .max) == 0..<3)
    #expect(pages(0, 50).isEmpty)
    #expect(pages(5000, 6000) == 9..<10)
    #expect(index.pages(overlapping: nil) == 0..<10)
    let exact = TimeSpan(Nanoseconds(400), Nanoseconds(401))
    #expect(decoder.timeline(in: exact).merged.map(\.time) == [Nanoseconds(400)])
    #expect(decoder.forEachRecord(cpu: 0, in: exact) { _, _ in }.records == 1)
    #expect(decoder.forEachRecord(cpu: 7) { _, _ in }.records == 0)
  }

  @Test func `a page size that cannot be is an error`() {
    #expect(throws: RingBufferError.self) {
      try TraceDecoder(
        trace: RawTrace(pageSize: 8, headerPage: Fixture.header64, formats: [], cpus: []))
    }
    #expect(throws: RingBufferError.self) {
      try TraceDecoder(trace: RawTrace(headerPage: "", formats: [], cpus: []))
    }
  }
}
