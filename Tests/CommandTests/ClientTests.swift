import Foundation
import Testing
import TraceModel

@testable import breaktrace

extension ProcessTests {
  /// The readers of cyclictest's output, with their own patterns, on our output and on that of the
  /// installed one.
  @Suite(
    .serialized,
    .enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
  struct ClientTests {
    /// Whose output.
    enum Program: CaseIterable, Sendable {
      case ours, installed

      static var here: [Program] { InstalledCyclictest.isUsable ? allCases : [.ours] }
    }

    private func run(_ program: Program, _ words: [String], in directory: URL? = nil) throws
      -> BuiltCommand.Outcome
    {
      try BuiltCommand.run(
        words, as: "cyclictest",
        program: program == .installed ? "/usr/bin/cyclictest" : nil, in: directory)
    }

    private var cpus: Int { Processors.available().count }

    /// Runs a shell script whose `output` file holds the text.
    private func shell(_ script: String, _ output: String) throws -> String {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      try Data(output.utf8).write(to: directory.appending(path: "output"))
      return try BuiltCommand.run(["-c", script], program: "/bin/bash", in: directory).output
    }

    private func groups(_ pattern: String, _ text: String) throws -> [[String]] {
      let regex = try NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines])
      return regex.matches(in: text, range: NSRange(text.startIndex..., in: text)).map { match in
        (0..<match.numberOfRanges).map { index in
          Range(match.range(at: index), in: text).map { String(text[$0]) } ?? ""
        }
      }
    }

    @Test(arguments: Program.here)
    func `OSADL's command and plot script`(program: Program) throws {
      let output = try run(program, "-l2000 -m -Sp99 -i200 -h400 -q".words).output
      for line in output.split(separator: "\n") {
        #expect(line.hasPrefix("#") || line.first?.isNumber == true, "\(line)")
      }
      let script =
        "grep 'Max Latencies' output | tr ' ' '\\n' | sort -n | tail -1 | sed s/^0*//"
      let maximum = try #require(
        Int(try shell(script, output).trimmingCharacters(in: .whitespacesAndNewlines)))
      let footer = try #require(output.split(separator: "\n").first { $0.hasPrefix("# Max Lat") })
      #expect(maximum == footer.split(separator: " ").compactMap { Int($0) }.max())
      let columns = "grep -v -e '^#' -e '^$' output | tr ' ' '\\t'"
      for cpu in 1...cpus {
        let text = try shell("\(columns) >histogram; cut -f1,\(cpu + 1) histogram", output)
        let rows = text.split(separator: "\n").map {
          $0.split(separator: "\t").compactMap { Int($0) }
        }
        #expect(rows.count == 400)
        #expect(rows.map(\.first) == (0..<400).map { $0 })
        #expect(rows.allSatisfy { $0.count == 2 })
        if cpu == 1 { #expect(rows.reduce(0) { $0 + $1[1] } > 1_000) }
      }
    }

    @Test(arguments: Program.here)
    func `OSADL's JSON and OpenShift's latency test`(program: Program) throws {
      let output = try run(program, "-l300 -Sp90 -i500 -h100 -q".words).output
      let line = try #require(
        output.split(separator: "\n").first { $0.hasPrefix("# Max Latencies:") })
      let osadl = line.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)
        .components(separatedBy: " ")
      #expect(osadl.count == cpus)
      #expect(osadl.allSatisfy { Int($0) != nil })
      let openshift = try groups(#"# Max Latencies:\t*\s*(.*)\s*\t*"#, output)
      #expect(openshift.count == 1)
      #expect(openshift[0][1].split(separator: " ").map(String.init) == osadl)
    }

    @Test(arguments: Program.here)
    func `rteval`(program: Program) throws {
      let words = ["-i100", "-qmu", "-h 50", "-p95", "-t\(cpus)", "-a0-\(cpus - 1)"]
      let process = Process()
      process.executableURL = URL(
        filePath: program == .ours ? try BuiltCommand.linked("cyclictest") : "/usr/bin/cyclictest")
      process.arguments = words
      // Should it not end, the test fails instead of waiting for ever.
      let deadline = DispatchWorkItem { process.terminate() }
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardError = FileHandle.nullDevice
      try BuiltCommand.start(process)
      usleep(1_000_000)
      process.interrupt()
      DispatchQueue.global().asyncAfter(deadline: .now() + 10, execute: deadline)
      defer { deadline.cancel() }
      let output = String(
        decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      var rows = 0
      var maxima: [Int] = []
      for line in output.split(separator: "\n") {
        if line.hasPrefix("#") {
          if let range = line.range(of: "# Max Latencies: ") {
            maxima = line[range.upperBound...].split(separator: " ").compactMap { Int($0) }
          }
          continue
        }
        let values = line.split { $0 == " " || $0 == "\t" }
        guard values.count == cpus + 1 else { continue }
        #expect(Int(values[0]) == rows)
        rows += 1
      }
      #expect(rows == 50)
      #expect(maxima.count == cpus && maxima.allSatisfy { $0 > 0 })
    }

    @Test(arguments: Program.here)
    func `rteval's break`(program: Program) throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let words = ["-i100", "-qmu", "-h 50", "-p95", "-t2", "-a0-1", "-b1", "--tracemark"]
      let outcome = try run(program, words, in: directory)
      let line = try #require(
        outcome.output.split(separator: "\n").first { $0.hasPrefix("# Break value: ") })
      #expect((Int(line.components(separatedBy: ": ")[1]) ?? 0) > 0)
      #expect(outcome.status == 0)
    }

    @Test(arguments: Program.here)
    func `Linaro's test definitions`(program: Program) throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      _ = try run(program, "-q -l 50 -p 99 -t 2 --json=r.json".words, in: directory)
      var text = try String(contentsOf: directory.appending(path: "r.json"), encoding: .utf8)
      // A defect of the installed one: it ends with the first thread, and divides by another's 0
      // cycles.
      if program == .installed { text = text.replacing("-nan", with: "0.5") }
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let count = try #require(json["num_threads"] as? Int)
      #expect(count == 2)
      let threads = try #require(json["thread"] as? [String: [String: Any]])
      for index in 0..<count {
        let thread = try #require(threads["\(index)"])
        for key in ["min", "max"] { #expect(thread[key] as? Int != nil) }
        #expect(thread["avg"] as? Double != nil)
      }
      #expect(json["return_code"] as? Int == 0)
      #expect(json["cmdline:"] != nil && json["rt_test_version:"] != nil)
    }

    @Test(arguments: Program.here)
    func `snafu and mmtests`(program: Program) throws {
      let output = try run(program, "-q -l 50 -p 80 -t 2".words).output
      for key in ["Avg.+", "Max.+", "Min.+"] {
        let first = try #require(try groups(key, output).first?.first)
        let value = first.components(separatedBy: ":")[1].split(separator: " ").first
        #expect(value.flatMap { Int($0) } != nil, "\(first)")
      }
      let mmtests = try groups(#"^T.*Avg:\s+([0-9]+).*Max:\s+([0-9]+)"#, output)
      #expect(mmtests.count == 2)
      for match in mmtests { #expect((Int(match[1]) ?? 0) <= Int(match[2]) ?? 0) }
    }

    @Test(arguments: Program.here)
    func `ChromiumOS`(program: Program) throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let output = try run(program, "-v -l 60 -i 500 -p 80 -b 100000".words, in: directory).output
      let values = try groups(#"^[ \t]+\d+:[ \t]+\d+:[ \t]*\d+$"#, output)
      #expect(values.count == 60)
      #expect(try groups("^# Thread Ids: .*$", output).count == 1)
      #expect(try groups(#"^# Break thread: \d+$"#, output).isEmpty)
      let broken = try run(program, "-q -l 100000 -i 500 -p 80 -b 1".words, in: directory).output
      #expect(try groups("^# Thread Ids: .*$", broken).count == 1)
      #expect(try groups(#"^# Break thread: \d+$"#, broken).count == 1)
      #expect(try groups(#"^# Break value: \d+$"#, broken).count == 1)
    }

    @Test(arguments: Program.here)
    func `the pattern of six more, anchored and not`(program: Program) throws {
      let pattern =
        #"T:\s*(\d+)\s*\(\s*(\d+)\s*\)\s*P:\s*(\d+)\s*I:\s*(\d+)\s*C:\s*(\d+)\s*Min:\s*(\d+)\s*"#
        + #"Act:\s*(\d+)\s*Avg:\s*(\d+)\s*Max:\s*(\d+)"#
      for options in ["-q", "-q -N"] {
        let output = try run(program, "\(options) -l 40 -p 70 -i 600 -t 2".words).output
        for anchored in [pattern, "^" + pattern, pattern + "$", "^" + pattern + "$"] {
          let matches = try groups(anchored, output)
          #expect(matches.count == 2)
          let numbers = matches.map { $0.dropFirst().compactMap { Int($0) } }
          #expect(numbers.map { $0[0] } == [0, 1])
          #expect(numbers.map { $0[2] } == [70, 70])
          #expect(numbers.map { $0[3] } == [600, 1_100])
          // A thread of the installed one may have had no cycle, because it ends with the first
          // thread.
          let measured = numbers.filter { $0[4] > 0 }
          #expect(measured.count == 2 || program == .installed)
          #expect(measured.allSatisfy { $0[5] <= $0[7] && $0[7] <= $0[8] })
        }
      }
    }
  }
}
