import Testing
import TraceModel

@testable import RingBuffer

/// Payloads of hand-made records, above all those that a quiet machine does not write.
struct PayloadTests {
  static let symbols = "ffffffff81000000 T do_it\n"
  static let function: UInt64 = 0xffff_ffff_8100_0010
  static let place = CodeLocation(address: function, symbol: "do_it", offset: 0x10)

  /// Decodes one record made of the common fields and `data`.
  static func decode(
    _ format: FormatText, byteOrder: ByteOrder = .little, longSize: Int = 8,
    symbols: String = Self.symbols, _ data: (PageBuilder) -> [UInt8]
  ) throws -> EventPayload {
    var builder = PageBuilder(timestamp: 1, byteOrder: byteOrder, commitSize: longSize)
    builder.event(delta: 0, builder.common(id: 77) + data(builder))
    let trace = RawTrace(
      byteOrder: byteOrder, longSize: longSize,
      headerPage: longSize == 8 ? Fixture.header64 : Fixture.header32, formats: [format],
      symbols: symbols, printkFormats: "0x1234 : \"freeze\\n\"\n",
      cpus: [CPUPages(cpu: 0, store: ByteStore(builder.page))])
    let timeline = try TraceDecoder(trace: trace).timeline()
    return try #require(timeline.cpus.first?.events.first).payload
  }

  static func field(_ text: String, _ offset: Int, _ size: Int, signed: Bool = false) -> String {
    "field:\(text);\toffset:\(offset);\tsize:\(size);\tsigned:\(signed ? 1 : 0);"
  }

  @Test(arguments: ["_stext", "_text"])
  func `a function kept as a distance is named where the begin of the text is known`(
    _ start: String
  ) throws {
    let format = Fixture.format(
      "preemptirq", "irq_disable", id: 77,
      [
        Self.field("s32 caller_offs", 8, 4, signed: true),
        Self.field("s32 parent_offs", 12, 4, signed: true),
      ],
      print: "\"caller=%pS parent=%pS\", (void *)((unsigned long)(_stext) + REC->caller_offs), "
        + "(void *)((unsigned long)(_stext) + REC->parent_offs)")
    let symbols =
      "ffffffff80ffff00 t in_module\nffffffff81000000 T \(start)\nffffffff81000100 t do_one\n"
    let payload = try Self.decode(format, symbols: symbols) { builder in
      builder.number(UInt64(0x104), 4) + builder.number(UInt64(UInt32(bitPattern: -0x80)), 4)
    }
    guard case .other(let other) = payload else {
      Issue.record("no other event")
      return
    }
    #expect(other.fields.first { $0.name == "caller_offs" }?.value == "260")
    let names = other.fields.filter { ["caller", "parent"].contains($0.name) }.map(\.value)
    #expect(names == (start == "_stext" ? ["do_one+0x4", "in_module+0x80"] : []))
  }

  @Test(arguments: [ByteOrder.little, .big])
  func `an IPI's CPU mask is read in place and relative, in both byte orders`(
    _ order: ByteOrder
  ) throws {
    for relative in [false, true] {
      let format = Fixture.format(
        "ipi", "ipi_send_cpumask", id: 77,
        [
          Self.field("\(relative ? "__rel_loc" : "__data_loc") cpumask_t cpumask", 8, 4),
          Self.field("void * callsite", 16, 8), Self.field("void * callback", 24, 8),
        ])
      let payload = try Self.decode(format, byteOrder: order) { builder in
        builder.number(UInt64(16 << 16 | (relative ? 20 : 32)), 4) + [0, 0, 0, 0]
          + builder.number(Self.function, 8) + builder.number(UInt64(0), 8)
          + builder.number(UInt64(0b1010), 8) + builder.number(UInt64(1), 8)
      }
      #expect(
        payload
          == .ipiSend(
            targets: CPUSet([1, 3, 64]), callsite: Self.place, callback: CodeLocation(address: 0)))
      #expect(payload.text == "ipi_send_cpumask: cpu=1,3,64 callsite=do_it+0x10")
    }
  }

  @Test(arguments: [8, 4])
  func `a stack holds as many frames as it says, the record's end permitting`(
    _ longSize: Int
  ) throws {
    let format = Fixture.format(
      "ftrace", "kernel_stack", id: 77,
      [
        Self.field("int size", 8, 4, signed: true),
        Self.field("unsigned long caller[8]", longSize == 8 ? 16 : 12, longSize * 8),
      ])
    func frames(_ size: Int64, _ addresses: [UInt64]) throws -> [UInt64] {
      let payload = try Self.decode(format, longSize: longSize) { builder in
        builder.number(size, 4) + (longSize == 8 ? [0, 0, 0, 0] : [])
          + addresses.flatMap { builder.number($0, longSize) }
      }
      guard case .stack(let frames) = payload else { return [] }
      return frames.map(\.address)
    }
    let many = (1...20).map { UInt64($0) }
    #expect(try frames(20, many) == many)
    #expect(try frames(3, many) == [1, 2, 3])
    #expect(try frames(500, many) == many)
    #expect(try frames(-1, many) == [])
    #expect(try frames(20, [1, 2, longSize == 8 ? .max : 0xffff_ffff, 4]) == [1, 2])
  }

  @Test func `system calls carry name and number`() throws {
    let enter = Fixture.format(
      "syscalls", "sys_enter_futex", id: 77, [Self.field("int __syscall_nr", 8, 4, signed: true)])
    let exit = Fixture.format(
      "syscalls", "sys_exit_futex", id: 77,
      [Self.field("int nr", 8, 4, signed: true), Self.field("long ret", 16, 8, signed: true)])
    #expect(
      try Self.decode(enter) { $0.number(Int64(202), 4) }
        == .syscallEnter(number: 202, name: "futex"))
    let payload = try Self.decode(exit) {
      $0.number(Int64(202), 4) + [0, 0, 0, 0] + $0.number(Int64(-110), 8)
    }
    #expect(payload == .syscallExit(number: 202, name: "futex", result: -110))
    #expect(payload.text == "sys_exit_futex: = -110")
  }

  @Test func `idle states and its exit`() throws {
    let format = Fixture.format(
      "power", "cpu_idle", id: 77, [Self.field("u32 state", 8, 4), Self.field("u32 cpu_id", 12, 4)])
    let enter = try Self.decode(format) { $0.number(UInt64(2), 4) + $0.number(UInt64(1), 4) }
    let exit = try Self.decode(format) { $0.number(Int64(-1), 4) + $0.number(UInt64(1), 4) }
    #expect(enter == .cpuIdle(state: 2, cpu: 1))
    #expect(exit == .cpuIdle(state: nil, cpu: 1))
    #expect(exit.text == "cpu_idle: state=exit cpu=1")
  }

  @Test func `a work item of a kernel that tells no function at its end`() throws {
    let format = Fixture.format(
      "workqueue", "workqueue_execute_end", id: 77, [Self.field("void * work", 8, 8)])
    let payload = try Self.decode(format) { $0.number(Self.function, 8) }
    #expect(payload == .workEnd(work: Self.function, function: CodeLocation(address: 0)))
    #expect(payload.text == "workqueue_execute_end: work=0xffffffff81000010")
  }

  @Test func `vectors are named without their suffix`() throws {
    let format = Fixture.format(
      "irq_vectors", "local_timer_entry", id: 77, [Self.field("int vector", 8, 4, signed: true)])
    let payload = try Self.decode(format) { $0.number(Int64(236), 4) }
    #expect(payload == .vectorEntry(name: "local_timer", vector: 236))
    #expect(payload.text == "local_timer_entry: vector=236")
  }

  @Test func `an unknown event keeps its fields as text`() throws {
    let format = Fixture.format(
      "new", "thing", id: 77,
      [
        Self.field("int number", 8, 4, signed: true), Self.field("unsigned int kind", 12, 4),
        Self.field("void * where", 16, 8), Self.field("__data_loc char[] name", 24, 4),
        Self.field("u8 raw[4]", 28, 4), Self.field("u16 list[2]", 32, 4),
        Self.field("unsigned long flags", 40, 8), Self.field("const char * action", 48, 8),
        Self.field("struct pair both", 56, 3),
      ],
      print: #"""
        "%d %s %pS %s", REC->number, __print_symbolic(REC->kind, { 7, "seven" }), REC->where, __print_flags(REC->flags, "|", { (1 << 0), "A" }, { (1 << 4), "B" })
        """#)
    let payload = try Self.decode(format) { builder in
      builder.number(Int64(-5), 4) + builder.number(UInt64(7), 4)
        + builder.number(Self.function, 8) + builder.number(UInt64(6 << 16 | 60), 4)
        + [0xde, 0xad, 0x00, 0x0f] + builder.number(UInt64(1), 2) + builder.number(UInt64(65535), 2)
        + [0, 0, 0, 0] + builder.number(UInt64(0x31), 8) + builder.number(UInt64(0x1234), 8)
        + [1, 2, 3, 0] + Array("hello".utf8) + [0]
    }
    guard case .other(let other) = payload else {
      Issue.record("\(payload)")
      return
    }
    #expect(
      payload.text
        == "thing: number=-5 kind=seven where=do_it+0x10 name=hello raw=dead000f list=1,65535 "
        + "flags=A|B|0x20 action=freeze both=010203")
    #expect(other.system == "new")
  }

  @Test func `a known event without a needed field is kept as fields`() throws {
    let format = Fixture.format(
      "irq", "irq_handler_entry", id: 77, [Self.field("int irq", 8, 4, signed: true)])
    let payload = try Self.decode(format) { $0.number(Int64(24), 4) }
    #expect(
      payload
        == .other(
          OtherEvent(
            system: "irq", name: "irq_handler_entry",
            fields: [EventField(name: "irq", value: "24")])))
  }

  @Test func `a record shorter than its event is kept with what it holds`() throws {
    let format = Fixture.format(
      "irq", "softirq_entry", id: 77, [Self.field("unsigned int vec", 8, 4)])
    let payload = try Self.decode(format) { _ in [] }
    #expect(payload.text == "softirq_entry: vec=?")
  }

  @Test func `a dynamic text outside its record is not read`() throws {
    let format = Fixture.format(
      "irq", "irq_handler_entry", id: 77,
      [Self.field("int irq", 8, 4, signed: true), Self.field("__data_loc char[] name", 12, 4)])
    for location in [0xffff_ffff, 4 << 16 | 14, 1 << 16 | 16] as [UInt64] {
      let payload = try Self.decode(format) {
        $0.number(Int64(24), 4) + $0.number(location, 4)
      }
      #expect(payload.text == "irq_handler_entry: irq=24 name=?")
    }
  }

  @Test func `a marker ends at its NUL or its record's end`() throws {
    let format = Fixture.format(
      "ftrace", "print", id: 77,
      [Self.field("unsigned long ip", 8, 8), Self.field("char buf", 16, 0)])
    for (bytes, text) in [
      ("word\n\0rest", "word"), ("full", "full"), ("a\nb\n", "a\nb"), ("\n", ""), ("", ""),
    ] {
      let payload = try Self.decode(format) { $0.number(UInt64(0), 8) + Array(bytes.utf8) }
      #expect(payload == .marker(text))
    }
  }

  @Test func `names of 16 bytes compare without what stands behind their end`() {
    func bytes(_ text: String) -> CommBytes {
      let raw = Array(text.utf8) + [UInt8](repeating: 0x55, count: 16 - text.utf8.count)
      return CommBytes(raw.span.bytes, 0..<16)
    }
    #expect(bytes("bash\0") == CommBytes("bash"))
    #expect(bytes("kworker/u8\0") == CommBytes("kworker/u8"))
    #expect(bytes("sevench\0").text == "sevench")
    #expect(bytes("eight_by\0").text == "eight_by")
    #expect(bytes("fifteen_bytes_x\0") == CommBytes("fifteen_bytes_xyz"))
    #expect(bytes("\0") == .empty)
  }
}
