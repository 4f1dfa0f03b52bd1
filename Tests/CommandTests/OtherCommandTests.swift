import Foundation
import Recorded
import Testing

@testable import breaktrace

/// A file that one command cannot use is answered with the command line of the one that can.
struct OtherCommandTests {
  private func scratch<Value>(_ text: String, _ body: (String) throws -> Value) rethrows -> Value {
    let path = NSTemporaryDirectory() + "breaktrace other \(UInt32.random(in: 0...(.max)))'s.txt"
    try? Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    return try body(path)
  }

  private let histogram = "# Histogram\n000001 000010\n000002 000004\n# Total: 000000014\n"
  private let section = """
    # tracer: irqsoff
    #
    # irqsoff latency trace v1.1.5 on 6.1.0
    # latency: 417 us, #3/3, CPU#0 | (M:preempt VP:0, KP:0, SP:0 HP:0)
    #    | task: app-35 (uid:0 nice:0 policy:0 rt_prio:0)
    #  => started at: taker
    #  => ended at:   taker
          app-35        0d....    1us : taker <-caller
          app-35        0d....  418us : taker <-caller

    """
  private let waits = """
    # tracer: nop
      hog-50 [001] d..2. 100.000000: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=hog next_pid=50 next_prio=120
      hog-50 [001] d..2. 100.000100: sched_waking: comm=late pid=60 prio=120 target_cpu=001
      hog-50 [001] d..2. 100.031000: sched_switch: prev_comm=hog prev_pid=50 prev_prio=120 prev_state=R ==> next_comm=late next_pid=60 next_prio=120

    """

  @Test func `a histogram is for plot`() {
    scratch(histogram) { path in
      #expect(OtherCommand.plot(path)?.contains("breaktrace plot '") == true)
      #expect(OtherCommand.analyze(path) == nil)
    }
  }

  @Test(arguments: [
    "# RTLA timerlat histogram\n# Time unit is microseconds (us)\nIndex   IRQ-000   Thr-000\n"
      + "7          1500      1500 \nover:         0         0 \n",
    "Thread 0 Interval: 1500\n       0:       0:      71\n       0:       1:      76\n",
  ]) func `rtla's histogram and single latencies are for plot`(text: String) throws {
    try scratch(text) { path in
      #expect(OtherCommand.plot(path)?.contains("breaktrace plot '") == true)
      #expect(OtherCommand.analyze(path) == nil)
      for command in [["analyze"], ["runq", "--file"]] {
        let result = try BuiltCommand.run(command + [path])
        #expect(result.status == 1)
        #expect(result.error.contains("breaktrace plot '"), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
      }
    }
  }

  @Test func `a FIFO is not waited for`() {
    let path = NSTemporaryDirectory() + "breaktrace-other-\(UInt32.random(in: 0...(.max)))"
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    for place in [path, "/dev/zero", "/dev/null", "/nonexistent", "/"] {
      #expect(OtherCommand.plot(place) == nil)
      #expect(OtherCommand.analyze(place) == nil)
    }
  }

  @Test func `standard input is not a file of that name`() {
    #expect(OtherCommand.plot("-") == nil)
    #expect(OtherCommand.analyze("-") == nil)
  }

  @Test func `a trace is for analyze, not for plot`() {
    scratch(section) { path in
      #expect(OtherCommand.plot(path) == nil)
      #expect(OtherCommand.analyze(path)?.contains("breaktrace analyze '") == true)
      #expect(throws: UsageError.self) { try PlotInput.read(path) }
      do throws(UsageError) {
        _ = try PlotInput.read(path)
      } catch {
        #expect("\(error)".contains("breaktrace analyze '"))
      }
    }
  }

  @Test func `waits of normal tasks are for analyze, the statistics of all for runq`() throws {
    try scratch(waits) { path in
      let trace = try RecordedTrace(path: path)
      #expect(OtherCommand.analyze(path)?.contains("breaktrace analyze '") == true)
      #expect(OtherCommand.runq(path, in: trace)?.contains("breaktrace runq --threshold") == true)
    }
    try scratch(section) { path in
      let trace = try RecordedTrace(path: path)
      #expect(OtherCommand.runq(path, in: trace) == nil)
    }
  }

  @Test func `a path is quoted as a shell takes it`() throws {
    for path in ["a.txt", "a b", "it's", "$HOME", "", "*", "/x/y-z_0.dat"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "printf %s " + ShellWord.quoted(path)]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(String(decoding: said, as: UTF8.self) == path)
    }
    #expect(ShellWord.quoted("/x/y-z_0.dat") == "/x/y-z_0.dat")
  }
}
