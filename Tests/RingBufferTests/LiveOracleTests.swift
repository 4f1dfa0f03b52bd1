import CTracing
import FoundationEssentials
import Glibc
import Testing
import TraceModel

@testable import RingBuffer

/// Where tracefs is and whether it can be used.
private enum LiveTracefs {
  static let path = "/sys/kernel/tracing"
  static var isPossible: Bool {
    getuid() == 0 && FileManager.default.fileExists(atPath: path + "/events/sched/sched_switch")
  }
}

/// Pages of this machine's kernel, recorded by the test, against the kernel's own text of the same
/// buffer and against libtraceevent.
@Suite(
  .serialized,
  .enabled(if: LiveTracefs.isPossible, "needs root and tracefs at /sys/kernel/tracing"))
struct LiveOracleTests {
  /// An instance of the test's own; gone with the value.
  final class Instance {
    let name: String
    private let instance: OpaquePointer
    var path: String { LiveTracefs.path + "/instances/" + name }

    init(_ name: String) throws {
      self.name = "\(name).\(getpid())"
      instance = try #require(tracefs_instance_create(self.name))
    }

    deinit {
      tracefs_instance_destroy(instance)
      tracefs_instance_free(instance)
    }

    func write(_ file: String, _ text: String) throws {
      try #require(tracefs_instance_file_write(instance, file, text) >= 0, "cannot write \(file)")
    }

    /// All pages of a CPU; reading takes them out of the buffer.
    func pages(_ cpu: Int) throws -> [UInt8] {
      let file = open("\(path)/per_cpu/cpu\(cpu)/trace_pipe_raw", O_RDONLY | O_NONBLOCK)
      try #require(file >= 0)
      defer { close(file) }
      var all: [UInt8] = []
      var page = [UInt8](repeating: 0, count: 4096)
      while read(file, &page, page.count) == page.count { all += page }
      return all
    }
  }

  static let systems = ["sched", "irq", "irq_vectors", "timer", "workqueue", "raw_syscalls"]

  /// Records for a moment: this kernel's own noise and some processes.
  static func record(kilobytes: Int) throws -> (trace: RawTrace, texts: [Int: String]) {
    let instance = try Instance("ring.oracle")
    try instance.write("trace_clock", "mono")
    try instance.write("buffer_size_kb", "\(kilobytes)")
    for system in systems { try instance.write("events/\(system)/enable", "1") }
    try instance.write("events/sched/sched_wakeup/trigger", "stacktrace:20")
    for _ in 0..<20 {
      let child = fork_true()
      try #require(child > 0)
      var status: Int32 = 0
      waitpid(child, &status, 0)
      usleep(2000)
    }
    try instance.write("trace_marker", "the end of the test's trace")
    try instance.write("tracing_on", "0")
    for system in systems { try instance.write("events/\(system)/enable", "0") }
    try instance.write("events/sched/sched_wakeup/trigger", "!stacktrace")
    var formats: [FormatText] = []
    for system in systems + ["ftrace"] {
      let folder = "\(LiveTracefs.path)/events/\(system)"
      for event in try FileManager.default.contentsOfDirectory(atPath: folder) {
        guard let text = try? Fixture.text("\(folder)/\(event)/format") else { continue }
        formats.append(FormatText(system: system, text: text))
      }
    }
    let cpus = (0..<sysconf(Int32(_SC_NPROCESSORS_ONLN))).map { Int($0) }
    var texts: [Int: String] = [:]
    for cpu in cpus { texts[cpu] = try Fixture.text("\(instance.path)/per_cpu/cpu\(cpu)/trace") }
    let trace = RawTrace(
      headerPage: try Fixture.text(LiveTracefs.path + "/events/header_page"), formats: formats,
      symbols: try Fixture.text("/proc/kallsyms"), clock: "mono",
      cpus: try cpus.map { CPUPages(cpu: $0, store: ByteStore(try instance.pages($0))) })
    return (trace, texts)
  }

  private static func fork_true() -> pid_t {
    var child: pid_t = 0
    let path = "/bin/true"
    return path.withCString { name in
      var arguments = [UnsafeMutablePointer(mutating: name), nil]
      return posix_spawn(&child, path, nil, nil, &arguments, nil) == 0 ? child : -1
    }
  }

  @Test(arguments: [64, 2048])
  func `recorded pages agree with libtraceevent and with the kernel's text`(
    _ kilobytes: Int
  ) throws {
    let (trace, texts) = try Self.record(kilobytes: kilobytes)
    let compared = try Oracle(trace).compare()
    #expect(compared.records > 200)
    let timeline = try TraceDecoder(trace: trace).timeline()
    var checked = 0
    for cpu in timeline.cpus {
      let lines = (texts[cpu.cpu] ?? "").split(separator: "\n").compactMap { KernelLine($0) }
      #expect(lines.count == cpu.events.count, "CPU \(cpu.cpu)")
      for (line, event) in zip(lines, cpu.events) {
        let matches = line.matches(event)
        guard matches else {
          Issue.record("\(line.text) is not \(event.text)")
          break
        }
        checked += 1
      }
    }
    #expect(checked > 200)
    #expect(
      timeline.merged.contains { if case .stack = $0.payload { true } else { false } }
        || kilobytes < 100)
    #expect(timeline.merged.contains { $0.payload == .marker("the end of the test's trace") })
  }
}

/// A line of a `trace` file in the default format.
private struct KernelLine {
  var text: Substring
  var pid: Int32
  var flags: String
  var microseconds: Int64
  var name: Substring
  var details: Substring

  /// nil for a comment, a frame of a stack trace or a mark.
  init?(_ line: Substring) {
    guard !line.hasPrefix("#"), !line.hasPrefix(" =>"), let open = line.firstRange(of: " [") else {
      return nil
    }
    text = line
    let head = line[..<open.lowerBound].reversed().drop { $0 == " " }.prefix { $0.isNumber }
    guard let pid = Int32(String(head.reversed())) else { return nil }
    self.pid = pid
    let words = line[open.upperBound...].split(separator: " ", maxSplits: 3)
    guard words.count == 4 else { return nil }
    flags = String(words[1])
    microseconds = Int64(words[2].filter { $0.isNumber }) ?? -1
    let rest = words[3]
    let colon = rest.firstIndex(of: ":") ?? rest.endIndex
    name = rest[..<colon]
    details = rest[colon...].dropFirst(2)
  }

  func matches(_ event: TraceEvent) -> Bool {
    guard pid == event.pid, flags == event.context.column,
      abs(microseconds - event.time.microseconds) <= 1
    else { return false }
    switch event.payload {
    case .stack: return name == "<stack trace>"
    case .marker(let marker): return details == marker
    case .syscallEnter(let number, _):
      return name == "sys_enter" && details.hasPrefix("NR \(number) ")
    case .syscallExit(let number, _, let result):
      return details == "NR \(number) = \(result)"
        || details == "NR \(number) = \(UInt64(bitPattern: result))"
    case .switched(let fields):
      return details
        == "prev_comm=\(fields.previous.comm) prev_pid=\(fields.previous.pid) "
        + "prev_prio=\(fields.previousPriority.value) prev_state=\(fields.previousState.letters) "
        + "==> next_comm=\(fields.next.comm) next_pid=\(fields.next.pid) "
        + "next_prio=\(fields.nextPriority.value)"
    case .waking(let fields), .wakeup(let fields):
      let number = "\(fields.targetCPU)"
      return details
        == "comm=\(fields.task.comm) pid=\(fields.task.pid) prio=\(fields.priority.value) "
        + "target_cpu=" + String(repeating: "0", count: 3 - number.count) + number
    case .hrtimerStart(_, let function, let expires, let soft, let mode):
      return details.contains(
        "function=\(function.symbol) expires=\(expires.count) softexpires=\(soft.count) mode=\(mode)"
      )
    case .workStart(_, let function), .workEnd(_, let function):
      return details.hasSuffix("function \(function.symbol)")
    case .softirqEntry(let vector):
      return details == "vec=\(vector) [action=\(SoftirqVector.name(of: vector))]"
    default: return name == event.payload.name
    }
  }
}
