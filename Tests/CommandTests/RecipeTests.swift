import Foundation
import Measurement
import Testing
import TraceModel

@testable import breaktrace

extension ProcessTests {
  @Suite(.serialized) struct RecipeTests {
    @Test(arguments: [
      ("never above 80 us", 80, nil), ("Never above 80 usec", 80, nil),
      ("at most 0.1 % above 100 us", 100, 1_000), ("at most 0.1% above 100 us", 100, 1_000),
      ("at most 5 % above 7 us", 7, 50_000), ("at most 0.0001 % above 7 us", 7, 1),
    ])
    func `reads a constraint`(text: String, limit: Int64, allowed: Int64?) throws {
      let constraint = try #require(LatencyConstraint(text))
      #expect(constraint.limit == limit && constraint.allowed == allowed)
      #expect(LatencyConstraint(constraint.text) == constraint)
    }

    @Test(arguments: [
      "", "never", "never above", "never above us", "never above 80", "never above 80 ms",
      "never above -1 us", "never above 0 us", "never above 80 us please", "at most above 80 us",
      "at most 101 % above 80 us", "at most 0.00001 % above 80 us", "at most . % above 80 us",
      "at most -1 % above 8 us", "above 80 us", "never above 99999999999999999999 us",
      "at most 100.1 % above 80 us", "at most 0.+5 % above 80 us", "at most +1 % above 80 us",
      "never above +80 us", "at most 1. % above 80 us",
    ])
    func `refuses what is no constraint`(text: String) {
      #expect(LatencyConstraint(text) == nil)
    }

    @Test func `a share is exceeded above, not at, its number`() throws {
      let seldom = try #require(LatencyConstraint("at most 0.1 % above 100 us"))
      #expect(seldom.isMet(above: 10, of: 10_000))
      #expect(!seldom.isMet(above: 11, of: 10_000))
      let never = try #require(LatencyConstraint("never above 100 us"))
      #expect(never.isMet(above: 0, of: 10_000))
      #expect(!never.isMet(above: 1, of: 10_000))
    }

    @Test func `reads the slides' table, with bars or blanks`() throws {
      let table = try PlanTable(
        """
        # thread  constraint  priority
        A   never above 80 us   50

        B | at most 0.1 % above 100 us | 47 # a comment
        motor control | never above 30 us | 90
        """, name: "t")
      #expect(table.rows.map(\.thread) == ["A", "B", "motor control"])
      #expect(table.rows.map(\.priority) == [50, 47, 90])
      #expect(table.rows.map(\.constraint.limit) == [80, 100, 30])
      #expect(table.rows.map(\.line) == [2, 4, 5])
    }

    @Test(arguments: [
      ("", "t: contains no thread"), ("A 50", "t:1: 'A 50' is not a thread"),
      ("A never above 80 us", "t:1: 'never above 80' is not a constraint"),
      ("\nA never above 80 us 99", "t:2: no priority above 99 is available"),
      ("A never above 80 us 0", "t:1: '0' is not a real-time priority"),
      ("A | never above 80 us", "t:1: has 2 fields"),
    ])
    func `says what is wrong with a table and where`(text: String, message: String) {
      let error = #expect(throws: UsageError.self) { try PlanTable(text, name: "t") }
      #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test func `warns of threads whose priority lies between the rows`() throws {
      let table = try PlanTable("A never above 80 us 50\nB never above 100 us 40", name: "t")
      func warnings(_ priority: Int32) -> [String] {
        table.warnings([PlanTable.Other(comm: "irq/9", tid: 9, priority: priority)])
      }
      #expect(warnings(99) == [] && warnings(52) == [] && warnings(1) == [] && warnings(39) == [])
      #expect(warnings(45)[0].contains("lie between the rows"))
      #expect(warnings(49)[0].contains("irq/9"))
      #expect(warnings(50)[0].contains("have the same priority as the application"))
      #expect(warnings(41)[0].contains("have the same priority as the measurement"))
      #expect(warnings(51)[0].contains("have the same priority as the measurement"))
      #expect(warnings(40)[0].contains("too good"))
    }

    @Test func `finds waits that return with the period of throttling`() {
      var gaps = ThrottleGaps(limit: Nanoseconds(5_000_000))
      let second: Int64 = 1_000_000_000
      for period: Int64 in 0..<5 {
        // 950 ms of waiting, then 50 wake-ups on time.
        gaps.add(
          MeasuredSample(
            sequence: 0, latency: Nanoseconds(950_000_000),
            wake: Nanoseconds(period * second + 950_000_000)))
        for step: Int64 in 1..<50 {
          gaps.add(
            MeasuredSample(
              sequence: 0, latency: Nanoseconds(20_000),
              wake: Nanoseconds(period * second + 950_000_000 + step * 1_000_000)))
        }
      }
      #expect(gaps.gaps.count == 5)
      #expect(gaps.typicalLength == Nanoseconds(950_000_000))
      #expect(gaps.typicalPeriod == Nanoseconds(second))
      #expect(abs((gaps.share ?? 1) - 0.05) < 0.001)
      let throttling = Throttling(
        runtime: Nanoseconds(950_000_000), period: Nanoseconds(second), hasFairServer: false)
      #expect(throttling.explains(gaps))
      // Waits for other normal tasks in between hide nothing.
      var mixed = ThrottleGaps(limit: Nanoseconds(5_000_000))
      for period: Int64 in 0..<4 {
        let start = period * second
        for (wake, wait) in [(950_000_000, 950_000_000), (970_000_000, 9_000_000)] {
          mixed.add(
            MeasuredSample(
              sequence: 0, latency: Nanoseconds(Int64(wait)),
              wake: Nanoseconds(start + Int64(wake))))
        }
      }
      #expect(mixed.gaps.count == 8 && throttling.explains(mixed))
      #expect(!throttling.explains(ThrottleGaps(limit: .zero)))
      var once = ThrottleGaps(limit: Nanoseconds(5_000_000))
      once.add(MeasuredSample(sequence: 0, latency: Nanoseconds(second), wake: Nanoseconds(second)))
      #expect(!throttling.explains(once))
    }

    @Test func `every prefix and every changed byte of a table of threads is read or refused`() {
      let bytes = Array("A never above 80 us 50\nB | at most 0.1 % above 100 us | 40 # x\n".utf8)
      var read = 0
      var refused = 0
      func attempt(_ bytes: [UInt8]) {
        do throws(UsageError) {
          let table = try PlanTable(String(decoding: bytes, as: UTF8.self), name: "t")
          read += 1
          let other = PlanTable.Other(comm: "irq/9", tid: 9, priority: 45)
          #expect(table.warnings([other]).count <= 1)
          #expect(table.rows.allSatisfy { LatencyConstraint($0.constraint.text) == $0.constraint })
        } catch {
          refused += 1
          #expect(error.description.hasPrefix("t"))
        }
      }
      for index in bytes.indices {
        attempt(Array(bytes[..<index]))
        for value in 0...255 as ClosedRange<UInt8> {
          var changed = bytes
          changed[index] = value
          attempt(changed)
        }
        attempt(Array(bytes[..<index]) + Array("99999999999999999999".utf8) + bytes[index...])
      }
      #expect(read > 1_000 && refused > 1_000)
    }

    @Test(arguments: [
      ("       0:      19:      17", 0, 17), ("1:2:3", 1, 3), ("       3:       0:      -4", 3, -4),
    ])
    func `reads values of the stream`(line: String, thread: Int, value: Int64) throws {
      let got = try #require(ScopeStream.value(Array(line.utf8)[...]))
      #expect(got.thread == thread && got.value == value)
    }

    @Test(arguments: [
      "", ":", "::", "a:b:c", "T: 0 (1) P: 0 I:1000 C: 1 Min: 1", "1:2", "1:2:3:4", "-1:2:3",
      "99999999:1:1", "1:1:99999999999999999999", "Max CPUs = 2",
    ])
    func `leaves out what is no value`(line: String) {
      #expect(ScopeStream.value(Array(line.utf8)[...]) == nil)
    }

    @Test(.enabled(if: BuiltCommand.isUsable, "needs the built executable"))
    func `the oscilloscope passes on every byte that it reads`() throws {
      var stream = "Max CPUs = 2\n"
      for cycle in 0..<2_000 { stream += "       0:\(cycle):      \(cycle % 97)\n" }
      stream += "T: 0 (1) P: 0\nno end of line"
      let outcome = try BuiltCommand.run(["scope", "--samples", "50"], input: stream)
      #expect(outcome.status == 0)
      #expect(outcome.output == stream)
      #expect(outcome.error.contains("T0: 59 (min 0 max 96) us"))
    }

    @Test(.enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
    func `a plan is measured row by row and judged`() throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      try Data("A never above 1000000 us 50\nB at most 0 % above 1 us 40\n".utf8)
        .write(to: directory.appending(path: "t"))
      let outcome = try BuiltCommand.run(
        ["plan", "-D", "1", "--spikes", "0", "t"], in: directory)
      #expect(outcome.status == 2, "\(outcome.error)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix("A ") && $0.contains(" 51 ") && $0.hasSuffix(" met") })
      #expect(lines.contains { $0.hasPrefix("B ") && $0.contains(" 41 ") && $0.contains("MISSED") })
      #expect(try BuiltCommand.run(["plan", "missing"], in: directory).status == 1)
      #expect(try BuiltCommand.run(["plan", "--check", "t"], in: directory).status == 0)
    }

    @Test(.enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
    func `response prints both runs, the difference and the caveats`() throws {
      let outcome = try BuiltCommand.run(["response", "-p", "40", "-D", "1", "--cpus", "0"])
      #expect(outcome.status == 0, "\(outcome.error)")
      for word in ["above (fifo 41)", "below (fifo 39)", "difference", "rough estimate"] {
        #expect(outcome.output.contains(word))
      }
      for words in [["-p", "1"], ["-p", "99"], ["-p", "40", "--above", "40"], []] {
        #expect(try BuiltCommand.run(["response"] + words).status == 64)
      }
    }

    @Test(
      .enabled(
        if: BuiltCommand.isUsable && Processors.available().count > 1,
        "needs the built executable, root and two CPUs"))
    func `an endless real-time loop leaves about the rest of the throttling period`() throws {
      let outcome = try BuiltCommand.run(["headroom", "--demo", "-D", "7"])
      let throttling = Throttling.current()
      guard let runtime = throttling.runtime, runtime < throttling.period else { return }
      #expect(outcome.status == 2, "\(outcome.output)")
      let row = outcome.output.split(separator: "\n").dropFirst().first ?? ""
      let fields = row.split(separator: " ").compactMap { Double($0) }
      try #require(fields.count == 6)
      // The longest wait, in ms: that of sched_rt_runtime_us, give or take what others do here.
      let wanted = Double(runtime.count) / 1e6
      #expect(abs(fields[4] - wanted) < wanted / 5, "\(outcome.output)")
    }
  }
}
