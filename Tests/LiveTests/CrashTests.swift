import Foundation
import Testing

/// What is left when runs are killed, stopped, or meet others.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct CrashTests {
  /// Waits until `condition` holds; false after `seconds`.
  static func wait(seconds: Double, until condition: () -> Bool) -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while !condition() {
      if Date() > deadline { return false }
      usleep(2_000)
    }
    return true
  }

  static func isArmed(_ pid: Int32) -> Bool {
    Machine.instances().contains { name in
      name.hasPrefix("breaktrace.\(pid).")
        && Machine.text("/sys/kernel/tracing/instances/\(name)/tracing_on") == "1\n"
    }
  }

  static func isGone(_ pid: Int32) -> Bool {
    !Machine.instances().contains { $0.hasPrefix("breaktrace.\(pid).") }
      && !((try? FileManager.default.contentsOfDirectory(atPath: "/run/breaktrace")) ?? [])
        .contains { $0.hasPrefix("\(pid).") }
  }

  @Test func `twenty runs killed at random moments leave everything as before`() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    setenv("BREAKTRACE_BINARY", Command.executable, 1)
    let command = try Command(
      ["20"], executable: root.appendingPathComponent("tools/crash-test").path)
    #expect(command.status == 0, "\(command.output)\(command.errors)")
    #expect(command.output.hasSuffix("20 passed, 0 failed, 0 skipped\n"))
  }

  @Test func `the guardian disarms within two seconds of a SIGKILL and ends`() throws {
    let before = try TracefsSnapshot.take()
    let directory = TemporaryDirectory()
    var guardians: [Int32] = []
    let command = try Command([
      "-q", "-t", "1", "-p", "80", "-D", "20", "-b", "1000000", "--output", directory.path,
    ]) { process in
      #expect(Self.wait(seconds: 10) { Self.isArmed(process.processIdentifier) })
      guardians = Self.guardians(of: process.processIdentifier)
      kill(process.processIdentifier, SIGKILL)
    }
    #expect(command.status == 128 + SIGKILL)
    #expect(guardians.count == 1)
    #expect(Self.wait(seconds: 2) { Self.isGone(command.pid) })
    #expect(Self.wait(seconds: 2) { guardians.allSatisfy { kill($0, 0) != 0 } })
    #expect(try TracefsSnapshot.take() == before)
  }

  private static func guardians(of pid: Int32) -> [Int32] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.filter { candidate in
      let words = Machine.text("/proc/\(candidate)/cmdline").split(separator: "\0")
      return words.contains("__guardian") && words.contains("\(pid)")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], 0..<4)
  func `a signal ends a run with its summary and disarmed`(signal: Int32, round: Int) throws {
    let before = try TracefsSnapshot.take()
    let directory = TemporaryDirectory()
    let command = try Command([
      "-q", "-t", "1", "-p", "80", "-i", "500", "-D", "20", "-b", "1000000", "--output",
      directory.path,
    ]) { process in
      let pid = process.processIdentifier
      if round == 0 {
        // In the middle of arming.
        #expect(Self.wait(seconds: 10) { !Self.isGone(pid) })
      } else {
        #expect(Self.wait(seconds: 10) { Self.isArmed(pid) })
        usleep(UInt32.random(in: 0..<400_000))
      }
      kill(pid, signal)
    }
    #expect(command.status == 0, "\(command.errors)")
    #expect(command.output.hasPrefix("T: 0 ("), "\(command.output)")
    #expect(Self.isGone(command.pid))
    #expect(try TracefsSnapshot.take() == before)
  }

  @Test func `a signal during hit and bundle leaves a whole bundle or none`() throws {
    for _ in 0..<6 {
      let directory = TemporaryDirectory()
      let command = try Command([
        "-q", "-t", "1", "-p", "80", "-D", "20", "-b", "1", "--output", directory.path,
      ]) { process in
        #expect(Self.wait(seconds: 10) { !Self.isGone(process.processIdentifier) })
        usleep(UInt32.random(in: 0..<200_000))
        kill(process.processIdentifier, SIGTERM)
      }
      #expect([0, 2, 4].contains(command.status), "\(command.status) \(command.errors)")
      #expect(Self.isGone(command.pid))
      for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
        #expect(!name.contains(".tmp-"), "\(name)")
        let check = try Command(
          ["-c", "cd '\(directory.path)/\(name)' && sha256sum -c --quiet SHA256SUMS"],
          executable: "/bin/sh")
        #expect(check.status == 0, "\(check.output)\(check.errors)")
      }
    }
  }

  @Test func `two runs at once do not disturb each other's tracing`() throws {
    let first = TemporaryDirectory()
    let second = TemporaryDirectory()
    var inner: Command?
    let outer = try Command([
      "-q", "-t", "1", "-a", "0", "-p", "80", "-D", "300", "-b", "1000000", "--output",
      first.path,
    ]) { process in
      defer { process.terminate() }
      #expect(Self.wait(seconds: 30) { Self.isArmed(process.processIdentifier) })
      inner = try Command([
        "-q", "-t", "1", "-a", "1", "-p", "80", "-D", "10", "-b", "1", "--output", second.path,
      ])
      #expect(
        Self.isArmed(process.processIdentifier), "the second run ended the first one's tracing")
    }
    #expect(outer.status == 0, "\(outer.errors)")
    #expect([2, 4].contains(inner?.status ?? -1), "\(inner?.errors ?? "")")
    #expect(Self.isGone(outer.pid))
    #expect(inner.map { Self.isGone($0.pid) } ?? false)
  }

  @Test func `somebody else's instance goes on recording, with its settings`() throws {
    let path = "/sys/kernel/tracing/instances/doc-foreign-\(getpid())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer {
      Self.put("0", "\(path)/tracing_on")
      rmdir(path)
    }
    Self.put("global", "\(path)/trace_clock")
    Self.put("1", "\(path)/events/sched/sched_process_exec/enable")
    Self.put("mark of somebody else", "\(path)/trace_marker")
    let names = ["tracing_on", "trace_clock", "buffer_size_kb", "set_event", "current_tracer"]
    let before = names.map { Machine.text("\(path)/\($0)") }
    let directory = TemporaryDirectory()
    let command = try Command([
      "-q", "-t", "1", "-p", "80", "-D", "10", "-b", "1", "--output", directory.path,
    ])
    #expect([2, 4].contains(command.status), "\(command.errors)")
    #expect(names.map { Machine.text("\(path)/\($0)") } == before)
    let trace = Machine.text("\(path)/trace")
    #expect(trace.contains("mark of somebody else"))
    // The command's own exec was recorded there.
    #expect(trace.contains("pid=\(command.pid) "))
  }

  private static func put(_ text: String, _ path: String) {
    let file = fopen(path, "w")
    if let file {
      fputs(text, file)
      fclose(file)
    }
  }
}
