import Foundation
import Testing
import TraceModel

@testable import breaktrace

extension ProcessTests {
  /// Options whose effect the kernel reports.
  @Suite(
    .serialized,
    .enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
  struct KernelEffectTests {
    @Test(arguments: [
      ("-p 80", [(1, 80)]), ("-p 42 --policy=rr", [(2, 42)]), ("--policy=batch", [(3, 0)]),
      ("--policy=idle", [(5, 0)]), ("--policy=other", [(0, 0)]), ("", [(0, 0)]),
      ("-t 2 -p 70 -Q", [(1, 70), (1, 69)]), ("-t 3 -p 20", [(1, 20), (1, 20), (1, 20)]),
    ])
    func `policy and priority are what the kernel has`(line: String, wanted: [(Int, Int)]) throws {
      let run = try RunningCommand(line.words + ["-q", "-D", "30"])
      let got = run.tasks.map { run.stat($0) }
      #expect(got.map { $0[41] } == wanted.map(\.0))
      #expect(got.map { $0[40] } == wanted.map(\.1))
      #expect(run.finish().status == 0)
    }

    @Test(arguments: ["-S", "-a", "-a 0 -t 2", "-t 2", "-U", "-a !0 -t 1", "-t -a 1"])
    func `threads may run where they were told`(line: String) throws {
      let available = Processors.available()
      try #require(available.cpus.prefix(2) == [0, 1])
      let all = available.list
      let each = available.cpus.map(String.init)
      let run = try RunningCommand(line.words + ["-q", "-D", "30"])
      let wanted: [String]
      switch line {
      case "-S", "-U": wanted = each
      case "-a": wanted = ["0"]
      case "-a 0 -t 2": wanted = ["0", "0"]
      case "-t 2": wanted = [all, all]
      case "-t -a 1": wanted = ["1"]
      default: wanted = ["1"]
      }
      #expect(run.tasks.map { run.status($0, "Cpus_allowed_list") } == wanted)
      _ = run.finish()
    }

    @Test func `the main thread goes where --mainaffinity says`() throws {
      try #require(Processors.available().count > 1)
      let run = try RunningCommand(["-q", "-D", "30", "-a", "0", "--mainaffinity=1"])
      #expect(run.status(run.pid, "Cpus_allowed_list") == "1")
      #expect(run.tasks.map { run.status($0, "Cpus_allowed_list") } == ["0"])
      _ = run.finish()
    }

    @Test(arguments: [("", true), ("-m", true), ("--no-mlockall", false)])
    func `memory is locked unless it is not wanted`(line: String, isLocked: Bool) throws {
      let run = try RunningCommand(line.words + ["-q", "-D", "30"])
      let locked = Int(run.status(run.pid, "VmLck").prefix { $0.isNumber }) ?? -1
      #expect((locked > 1_000) == isLocked, "\(locked) kB")
      #expect(locked >= 0)
      _ = run.finish()
    }

    @Test(
      .enabled(
        if: FileManager.default.fileExists(atPath: "/dev/cpu_dma_latency"), "needs PM QoS"),
      arguments: [("", true), ("-e 50", true), ("--laptop", false), ("--default-system", false)])
    func `the power management request is held while the run lasts`(line: String, isHeld: Bool)
      throws
    {
      let run = try RunningCommand(line.words + ["-q", "-D", "30"], as: "cyclictest")
      #expect(run.openFiles.contains("/dev/cpu_dma_latency") == isHeld)
      let output = run.finish().output
      let value = line == "-e 50" ? 50 : 0
      #expect(
        output.hasPrefix("# /dev/cpu_dma_latency set to \(value)us\n") == isHeld, "\(output)")
    }

    #if arch(x86_64)
      /// System call, its first argument (clock) and its second (1 is TIMER_ABSTIME).
      @Test(arguments: [
        ("", ["230", "0x1", "0x1"]), ("-n", ["230", "0x1", "0x1"]),
        ("-c 0", ["230", "0x1", "0x1"]),
        ("-c 1", ["230", "0x0", "0x1"]), ("-r", ["230", "0x1", "0x0"]),
        ("-r -c 1", ["230", "0x0", "0x0"]), ("-s", ["230", "0x0", "0x0"]), ("-x", ["128"]),
        ("-s -x", ["128"]),
      ])
      func `threads wait as they were told, on the clock that they were told`(
        line: String, wanted: [String]
      ) throws {
        let run = try RunningCommand(line.words + ["-q", "-D", "30", "-i", "20000", "-p", "10"])
        let task = try #require(run.tasks.first)
        #expect(Array(run.systemCall(task).prefix(wanted.count)) == wanted)
        _ = run.finish()
      }
    #endif

    @Test(arguments: [("-x", "1"), ("-x -c 1", "0")])
    func `POSIX timers are on the chosen clock, and signal the thread`(line: String, clock: String)
      throws
    {
      let run = try RunningCommand(line.words + ["-q", "-D", "30"])
      let timers = RunningCommand.text("/proc/\(run.pid)/timers")
      let task = try #require(run.tasks.first)
      #expect(timers.contains("notify: signal/tid.\(task)"), "\(timers)")
      #expect(timers.contains("ClockID: \(clock)"), "\(timers)")
      _ = run.finish()
    }

    @Test(.enabled(if: BuiltCommand.canTrace, "needs tracefs"))
    func `a break arms an instance of its own and leaves none behind`() throws {
      let run = try RunningCommand(["-q", "-D", "30", "-b", "10000000", "--tracemark", "-p", "50"])
      func own() -> [String] {
        let names =
          (try? FileManager.default.contentsOfDirectory(atPath: "/sys/kernel/tracing/instances"))
          ?? []
        return names.filter { $0.hasPrefix("breaktrace.\(run.pid).") }
      }
      // The threads are there before the instance is.
      for _ in 0..<1_000 where own().isEmpty { usleep(10_000) }
      let name = try #require(own().first)
      let path = "/sys/kernel/tracing/instances/\(name)"
      // The instance is there before it is armed: recording is switched on last.
      for _ in 0..<1_000 where RunningCommand.text("\(path)/tracing_on") != "1\n" { usleep(10_000) }
      #expect(RunningCommand.text("\(path)/tracing_on") == "1\n")
      for _ in 0..<200 where !run.openFiles.contains("\(path)/trace_marker") { usleep(20_000) }
      #expect(run.openFiles.contains("\(path)/trace_marker"))
      let outcome = run.finish()
      #expect(outcome.status == 0)
      #expect(outcome.error.contains("--tracemark"))
      #expect(own() == [])
    }

    @Test func `SIGUSR1 prints the statistics and the run goes on`() throws {
      let run = try RunningCommand(["-q", "-D", "30", "-p", "50"], as: "cyclictest")
      run.send(SIGUSR1)
      usleep(400_000)
      #expect(run.tasks.count == 1)
      let outcome = run.finish()
      let lines = outcome.error.split(separator: "\n")
      let rule = "#---------------------------"
      let first = try #require(lines.firstIndex { $0 == rule })
      #expect(lines[first + 1] == "# cyclictest current status:")
      #expect(lines[first + 2].hasPrefix("T: 0 ("))
      #expect(lines[first + 3] == rule)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("T: 0 ("))
    }

    @Test func `SIGINT ends a run with its histogram`() throws {
      let run = try RunningCommand(["-q", "-h", "5", "-p", "50"], as: "cyclictest")
      let outcome = run.finish()
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("# Max Latencies: "))
    }

    @Test func `a reader that is gone ends an endless run`() throws {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/bash")
      process.arguments = [
        "-c", "timeout 15 \"$0\" -v -i 500 | head -n 3 >/dev/null; exit ${PIPESTATUS[0]}",
        try BuiltCommand.linked("cyclictest"),
      ]
      process.standardError = FileHandle.nullDevice
      try BuiltCommand.start(process)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }

    @Test func `the named pipe gives the statistics to each reader and goes with the run`() throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let pipe = directory.appending(path: "pipe").path
      let run = try RunningCommand(["-q", "-D", "30", "-t", "2", "-F", pipe])
      for _ in 0..<2 {
        let text = RunningCommand.text(pipe)
        #expect(text.hasPrefix("T: 0 ("))
        #expect(text.contains("\nT: 1 ("))
      }
      _ = run.finish()
      #expect(!FileManager.default.fileExists(atPath: pipe))
    }
  }
}
