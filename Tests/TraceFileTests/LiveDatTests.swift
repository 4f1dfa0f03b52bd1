import Foundation
import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// A small recording of the running kernel in a separate instance.
final class LiveInstance {
  static let tracefs = "/sys/kernel/tracing"
  static let canRecord =
    getuid() == 0 && FileManager.default.fileExists(atPath: tracefs + "/instances")

  let path: String

  init(_ name: String) throws {
    path = Self.tracefs + "/instances/breaktrace-file-\(name)-\(getpid())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { rmdir(path) }

  func write(_ file: String, _ text: String) throws {
    let handle = open(path + "/" + file, O_WRONLY)
    try #require(handle >= 0, "\(file)")
    defer { close(handle) }
    #expect(Glibc.write(handle, text, text.utf8.count) == text.utf8.count, "\(file)")
  }

  /// Records for a moment while some tasks run.
  func record(_ events: [String]) throws {
    try write("tracing_on", "0")
    try write("trace_clock", "mono")
    try write("buffer_size_kb", "256")
    for event in events { try write("events/\(event)/enable", "1") }
    try write("tracing_on", "1")
    _ = try run(["sh", "-c", "for i in 1 2 3; do /bin/true; done; sleep 0.05"])
    try write("tracing_on", "0")
  }

  /// The kernel's table of task names, which every tracing user of the machine fills.
  func names() throws -> [Int32: String] {
    var comms: [Int32: String] = [:]
    for line in try text(Self.tracefs + "/saved_cmdlines").split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2, let pid = Int32(parts[0]) { comms[pid] = String(parts[1]) }
    }
    return comms
  }

  /// The pages of every CPU, taken out of the buffer, with all that decoding needs.
  func take() throws -> RawTrace {
    let events = Self.tracefs + "/events"
    var formats: [FormatText] = []
    for system in ["ftrace", "sched", "irq", "timer"] {
      let all = try FileManager.default.contentsOfDirectory(atPath: events + "/" + system).sorted()
      for event in all {
        let file = "\(events)/\(system)/\(event)/format"
        guard FileManager.default.fileExists(atPath: file) else { continue }
        formats.append(FormatText(system: system, text: try text(file)))
      }
    }
    var cpus: [CPUPages] = []
    for cpu in 0..<1_024 {
      let raw = path + "/per_cpu/cpu\(cpu)/trace_pipe_raw"
      guard FileManager.default.fileExists(atPath: raw) else { break }
      let handle = open(raw, O_RDONLY | O_NONBLOCK)
      try #require(handle >= 0)
      defer { close(handle) }
      var pages: [UInt8] = []
      var page = [UInt8](repeating: 0, count: 4_096)
      while read(handle, &page, page.count) == page.count { pages += page }
      cpus.append(CPUPages(cpu: cpu, store: ByteStore(pages)))
    }
    return RawTrace(
      headerPage: try text(events + "/header_page"),
      headerEvent: try text(events + "/header_event"), formats: formats, comms: try names(),
      clock: "mono", cpus: cpus)
  }
}

@Suite(
  .serialized,
  .enabled(if: LiveInstance.canRecord && TraceCmd.isThere, "needs root, tracefs and trace-cmd"))
struct LiveDatTests {
  /// `COMM-PID [CPU] SECONDS: EVENT` of a line of either program.
  private func key(_ line: Substring) -> String? {
    guard !line.hasPrefix("#"), let open = line.firstIndex(of: "["),
      let close = line[open...].firstIndex(of: "]")
    else { return nil }
    let task = line[..<open].drop { $0 == " " }
    let rest = line[close...].dropFirst().split(separator: " ")
    guard let stamp = rest.firstIndex(where: { $0.last == ":" && $0.contains(".") }),
      stamp + 1 < rest.count
    else { return nil }
    let end = task.lastIndex { $0 != " " }.map { task[...$0] } ?? task
    return "\(end) \(line[open...close]) \(rest[stamp]) \(rest[stamp + 1])"
  }

  @Test(arguments: [true, false])
  func `trace-cmd lists the events of our file as the kernel does`(hasSymbols: Bool) throws {
    let instance = try LiveInstance("list\(hasSymbols ? 1 : 0)")
    try instance.record(["sched/sched_switch", "sched/sched_waking", "irq"])
    // The table of names may lose an entry while it is used; only names that stayed are compared.
    let before = try instance.names()
    let kernel = try text(instance.path + "/trace").split(separator: "\n").compactMap(key)
    var trace = try instance.take()
    let after = trace.comms
    trace.comms = after.filter { before[$0.key] == $0.value }
    if hasSymbols {
      trace.symbols =
        try text("/proc/kallsyms").split(separator: "\n").prefix(2_000)
        .joined(separator: "\n") + "\n"
    }
    var writer = TraceDatWriter(trace)
    writer.facts = "{\"schema\": 1, \"text\": \"[x] %s\"}"
    writer.producer = "breaktrace test"
    writer.uname = "Linux test"
    writer.cpuStatistics = try (0..<trace.cpus.count).map {
      "CPU: \($0)\n" + (try text(instance.path + "/per_cpu/cpu\($0)/stats"))
    }
    let scratch = try Scratch()
    let path = scratch.file("live.dat")
    try writer.write(path: path)
    let report = try run(["trace-cmd", "report", "-i", path])
    #expect(report.status == 0)
    #expect(report.errors == "")
    let ours = report.output.split(separator: "\n").compactMap(key)
    #expect(kernel.count > 20)
    #expect(ours.count == kernel.count)
    func pid(_ key: String) -> Int32? {
      key.firstIndex(of: "[").flatMap { open in
        key[..<open].split(separator: "-").last.flatMap { Int32($0.filter(\.isNumber)) }
      }
    }
    let difference = zip(ours, kernel).first { our, kernel in
      guard let pid = pid(our), pid == 0 || trace.comms[pid] != nil else {
        return our.drop { $0 != "[" } != kernel.drop { $0 != "[" }
      }
      return our != kernel
    }
    #expect(trace.comms.count > 5)
    #expect(difference == nil, "\(difference.map { "\($0) instead of \($1)" } ?? "")")
    #expect(report.output.contains("breaktrace test") == false)
    let version = try run(["trace-cmd", "report", "-i", path, "--version"])
    #expect(version.output.contains("breaktrace test"))
    #expect(!version.output.contains("schema"))
    let again = try TraceDatReader.read(path)
    #expect(again.facts == writer.facts)
    #expect(again.mainBuffer?.trace.cpus.map(\.sum) == trace.cpus.map(\.sum))
  }

  @Test func `a named buffer is listed with its name`() throws {
    let instance = try LiveInstance("named")
    try instance.record(["sched/sched_switch"])
    let trace = try instance.take()
    var empty = trace
    empty.cpus = []
    let writer = TraceDatWriter([
      TraceDatBuffer(trace: empty), TraceDatBuffer(name: "tracer", trace: trace),
    ])
    let scratch = try Scratch()
    let path = scratch.file("named.dat")
    try writer.write(path: path)
    let report = try run(["trace-cmd", "report", "-i", path])
    #expect(report.status == 0)
    #expect(report.errors == "")
    let lines = report.output.split(separator: "\n").filter { $0.contains("sched_switch:") }
    #expect(lines.count > 10)
    #expect(lines.allSatisfy { $0.contains("tracer:") }, "\(lines.first ?? "")")
    // trace-cmd's own conversions of the two buffers are read as the same pages.
    for options in [["7", "zstd"], ["7", "none"], ["6", "none"]] {
      let converted = scratch.file("converted.dat")
      let result = try run([
        "trace-cmd", "convert", "-i", path, "-o", converted, "--file-version", options[0],
        "--compression", options[1],
      ])
      #expect(result.status == 0, "\(result.errors)")
      let file = try TraceDatReader.read(converted)
      #expect(file.problems == [], "\(options)")
      let named = try #require(file.buffers.first { $0.name == "tracer" })
      #expect(named.trace.clock == "mono")
      #expect(
        named.trace.cpus.filter { !$0.range.isEmpty }.map(\.sum)
          == trace.cpus.filter { !$0.range.isEmpty }.map(\.sum), "\(options)")
    }
  }
}
