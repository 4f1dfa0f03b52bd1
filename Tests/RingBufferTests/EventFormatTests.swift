import Testing
import TraceModel

@testable import RingBuffer

struct EventFormatTests {
  static func format(_ system: String, _ name: String) throws -> EventFormat {
    let formats = try Fixture.live().formats
    let text = try #require(
      formats.first { $0.system == system && $0.text.hasPrefix("name: \(name)\n") })
    return try EventFormat(text)
  }

  @Test func `a format file is read whole`() throws {
    let format = try Self.format("sched", "sched_switch")
    #expect(format.name == "sched_switch")
    #expect(format.system == "sched")
    #expect(
      format.commonFields.map(\.name) == [
        "common_type", "common_flags", "common_preempt_count", "common_pid",
      ])
    #expect(
      format.fields.map(\.name) == [
        "prev_comm", "prev_pid", "prev_prio", "prev_state", "next_comm", "next_pid", "next_prio",
      ])
    let comm = try #require(format.field("prev_comm"))
    #expect(comm.type == "char" && comm.shape == .array(count: 16) && comm.isText)
    #expect(comm.offset == 8 && comm.size == 16)
    #expect(format.field("prev_state")?.isSigned == true)
  }

  @Test func `all formats of the fixture are read`() throws {
    for text in try Fixture.live().formats { _ = try EventFormat(text) }
  }

  struct Declaration: Sendable {
    var line: String
    var type: String
    var name: String
    var shape: FieldFormat.Shape
    var isSigned = false
  }

  @Test(arguments: [
    Declaration(
      line: "field:__data_loc char[] comm;\toffset:8;\tsize:4;\tsigned:0;", type: "char",
      name: "comm", shape: .dynamic(relative: false)),
    Declaration(
      line: "\tfield:__rel_loc cpumask_t mask;\toffset:8;\tsize:4;\tsigned:0;", type: "cpumask_t",
      name: "mask", shape: .dynamic(relative: true)),
    Declaration(
      line: "field:const char * fmt;\toffset:16;\tsize:8;\tsigned:0;", type: "const char *",
      name: "fmt", shape: .scalar),
    Declaration(
      line: "field:char buf[];\toffset:16;\tsize:0;\tsigned:0;", type: "char", name: "buf",
      shape: .array(count: nil)),
    Declaration(
      line: "field:char comm[TASK_COMM_LEN];\toffset:8;\tsize:16;\tsigned:1;", type: "char",
      name: "comm", shape: .array(count: nil), isSigned: true),
    Declaration(
      line: "field:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;",
      type: "unsigned long", name: "args", shape: .array(count: 6)),
    Declaration(
      line: "field:int irq;\toffset:8;\tsize:4;", type: "int", name: "irq", shape: .scalar,
      isSigned: true),
  ])
  func `a field's line is read`(_ expected: Declaration) throws {
    let field = try #require(FieldFormat(line: expected.line))
    #expect(field.type == expected.type)
    #expect(field.name == expected.name)
    #expect(field.shape == expected.shape)
    #expect(field.isSigned == expected.isSigned)
  }

  @Test(arguments: [
    "", "name: x\n", "ID: 5\n", "name: x\nID: 70000\n", "name: x\nID: -1\n",
    "name: x\nID: 5\n\tfield:int;\n", "name: x\nID: 5\n\tfield:int a;\toffset:z;\tsize:4;\n",
    "name: x\nID: 5\n\tfield:int a;\toffset:-4;\tsize:4;\n",
    "name: x\nID: 5\n\tfield:int a;\toffset:4;\tsize:99999999999;\n",
  ])
  func `a broken format is an error with its place`(_ text: String) throws {
    let error = #expect(throws: RingBufferError.self) {
      try EventFormat(FormatText(system: "sched", text: text))
    }
    #expect(error?.operation == .format)
    #expect((error?.position ?? -1) >= 0 && (error?.position ?? 0) <= text.utf8.count)
    #expect(error?.description.hasPrefix("cannot read the event format of sched") == true)
  }

  @Test(arguments: [
    "", "field: u64 timestamp; offset:0; size:8;", Fixture.header64.replacing("commit", with: "x"),
    Fixture.header64.replacing("size:8", with: "size:3"),
    Fixture.header64.replacing("offset:16", with: "offset:4"),
    Fixture.header64.replacing("offset:8", with: "offset:9000"),
  ])
  func `a broken header page is an error`(_ text: String) {
    let error = #expect(throws: RingBufferError.self) { try HeaderPage(text: text) }
    #expect(error?.operation == .headerPage)
  }

  @Test func `the states of this kernel come from its format`() throws {
    let states = TaskStateTable(try Self.format("sched", "sched_switch").printFormat)
    #expect(states.preemptedBits == 0x100)
    let expected: [(Int64, TaskState)] = [
      (0, .runnable), (0x100, .preempted), (1, .blocked("S")), (2, .blocked("D")),
      (0x80, .blocked("I")), (0x20, .blocked("Z")), (3, .blocked("S|D")),
    ]
    for (number, state) in expected {
      #expect(states.state(number) == state)
      #expect(states.isRunnable(number) == state.isRunnable)
    }
  }

  @Test func `the states of an older kernel come from its format`() throws {
    let format = PrintFormat(
      #"""
      "prev_state=%s%s", REC->prev_state & (2048-1) ? __print_flags(REC->prev_state & (2048-1), "|", { 1, "S"} , { 2, "D" }, { 4, "T" }, { 16, "Z" }, { 64, "x" }, { 1024, "N" }) : "R", REC->prev_state & 2048 ? "+" : ""
      """#)
    let states = TaskStateTable(format)
    #expect(states.preemptedBits == 2048)
    #expect(states.state(2048) == .preempted)
    #expect(states.state(64) == .blocked("x"))
    #expect(states.state(1 | 1024) == .blocked("S|N"))
    #expect(states.state(4096) == .runnable)
  }

  @Test func `symbols and flags get their names`() throws {
    let vector = try #require(
      try Self.format("irq", "softirq_entry").printFormat.tables["vec"])
    #expect(vector.text(3) == "NET_RX")
    #expect(vector.text(99) == nil)
    let mode = try #require(
      try Self.format("timer", "hrtimer_start").printFormat.tables["mode"])
    #expect(mode.text(0) == "ABS")
    #expect(mode.text(2) == "ABS|PINNED")
    #expect(mode.text(11) == "REL|PINNED|HARD")
    let flags = ValueTable(
      kind: .flags(delimiter: "|"), mask: .max,
      entries: [
        .init(value: 0, name: "NONE"), .init(value: 3, name: "BOTH"), .init(value: 4, name: "C"),
      ])
    #expect(flags.text(0) == "NONE")
    #expect(flags.text(7) == "BOTH|C")
    #expect(flags.text(9) == "0x9")
  }

  @Test func `fields printed as symbols are known`() throws {
    #expect(
      try Self.format("timer", "timer_start").printFormat.symbolFields.contains("function"))
    #expect(
      !(try Self.format("timer", "timer_start").printFormat.symbolFields.contains("timer")))
  }

  @Test func `endless nesting ends`() {
    let deep = String(repeating: "(", count: 100_000)
    _ = PrintFormat("\"%s\", __print_flags(\(deep)REC->x, \"|\", { 1, \"a\" })")
    _ = PrintFormat("\"%s\", __print_symbolic(REC->x, { \(deep)1, \"a\" })")
    let minus = String(repeating: "-", count: 100_000)
    let format = PrintFormat("\"%s\", __print_symbolic(REC->x, { \(minus)1, \"a\" }, { 2, \"b\" })")
    #expect(format.tables["x"]?.entries.map(\.name) == ["b"])
  }
}
