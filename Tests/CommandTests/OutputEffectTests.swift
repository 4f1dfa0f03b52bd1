import Foundation
import Testing

@testable import breaktrace

extension ProcessTests {
  /// Options whose effect is in the output.
  @Suite(
    .serialized,
    .enabled(if: BuiltCommand.isUsable, "needs the built executable and root"))
  struct OutputEffectTests {
    private func cyclictest(_ line: String, in directory: URL? = nil) throws -> BuiltCommand.Outcome
    {
      try BuiltCommand.run(line.words, as: "cyclictest", in: directory)
    }

    /// The numbers after a key of the `T:` lines.
    private func values(_ key: String, _ output: String) -> [Int] {
      output.split(separator: "\n").filter { $0.hasPrefix("T:") }.compactMap { line in
        guard let range = line.range(of: key + ":") else { return nil }
        return Int(line[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
      }
    }

    @Test func `loops, intervals and distance are kept by each thread`() throws {
      let output = try cyclictest("-q -l 40 -i 700 -d 300 -t 3 -p 60").output
      #expect(values("C", output) == [40, 40, 40])
      #expect(values("I", output) == [700, 1_000, 1_300])
    }

    @Test func `the duration ends the run`() throws {
      let start = Date()
      let output = try cyclictest("-q -D 1 -i 10000 -p 60").output
      let seconds = Date().timeIntervalSince(start)
      #expect((0.9...4).contains(seconds))
      #expect(values("C", output).allSatisfy { (90...100).contains($0) }, "\(output)")
    }

    @Test func `ns are printed with -N while the histogram stays in us`() throws {
      let output = try cyclictest("-l 30 -N -q -p 60").output
      #expect(try #require(values("Min", output).first) > 1_000)
      let histogram = try cyclictest("-l 30 -N -q -p 60 -h 500").output
      let rows = histogram.split(separator: "\n").filter { !$0.hasPrefix("#") }
      #expect(rows.count == 500)
      let counted = rows.compactMap { Int($0.split(separator: " ").last ?? "") }.reduce(0, +)
      #expect(counted > 10)
    }

    @Test func `the sum column is the sum`() throws {
      let output = try cyclictest("-l 50 -q -p 60 -H 400 -t 2 -i 500").output
      var isFilled = false
      for line in output.split(separator: "\n") where !line.hasPrefix("#") && line.count > 6 {
        let columns = line.split { $0 == " " || $0 == "\t" }.compactMap { Int($0) }
        #expect(columns.count == 4)
        #expect(columns[1] + columns[2] == columns[3])
        isFilled = isFilled || columns[3] > 0
      }
      #expect(isFilled)
    }

    @Test func `the histogram goes to its file and nothing of it to standard output`() throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let outcome = try cyclictest("-q -l 20 -h 7 --histfile=hist -e 3", in: directory)
      #expect(outcome.output == "# /dev/cpu_dma_latency set to 3us\n")
      let text = RunningCommand.text(directory.appending(path: "hist").path)
      #expect(text.hasPrefix("# Histogram\n000000 "))
      #expect(text.contains("\n000006 "))
      let refused = try cyclictest("-q -l 5 -h 7 --histfile=no/where/hist", in: directory)
      #expect(refused.status == 1)
      #expect(refused.error.contains("no/where/hist: No such file"))
    }

    @Test func `the times of overflows rise, and the rest is counted`() throws {
      let output = try cyclictest("-q -l 30 -i 2000 -h 1 -g 10 -p 60 -t 2").output
      let lines = output.split(separator: "\n").map(String.init)
      let title = try #require(lines.firstIndex(of: "# Histogram Overflow at time (ms):"))
      for thread in 0..<2 {
        let line = lines[title + 1 + thread]
        #expect(line.hasPrefix("# Thread \(thread): "))
        #expect(line.hasSuffix(" # 00020 others"), "\(line)")
        let times = line.dropFirst(12).split(separator: " ").prefix(10).compactMap { Int($0) }
        #expect(times.count == 10)
        #expect(times == times.sorted())
        // Ten expiries 2 ms apart.
        #expect((times.last ?? 0) - (times.first ?? 0) >= 17, "\(line)")
      }
    }

    @Test func `all values are printed, or of some the largest`() throws {
      let all = try cyclictest("-v -l 20 -i 500 -p 60").output.split(separator: "\n")
      let values = all.filter { $0.hasPrefix("       0:") }
      #expect(values.count == 20)
      #expect(values.last?.hasPrefix("       0:      19:") == true)
      #expect(!all.contains { $0.hasPrefix("T:") })
      let reduced = try cyclictest("-v -o 5 -l 20 -i 500 -p 60").output.split(separator: "\n")
      #expect(reduced.filter { $0.hasPrefix("       0:") }.count == 4)
    }

    @Test func `late wake-ups are listed by time, as many as wanted, and all are counted`() throws {
      let output = try cyclictest("-q -l 30 -t 2 -p 60 --spike=1 --spike-nodes=7").output
      let stamps = output.split(separator: "\n").filter { $0.contains(" Spike:") }
        .compactMap { Int($0.split(separator: " ").last ?? "") }
      #expect(stamps.count == 7)
      #expect(stamps == stamps.sorted())
      #expect(output.contains("\nspikes = 60\n"))
      #expect(try !cyclictest("-q -l 5 --spike=1000000000").output.contains("pike"))
    }

    @Test(arguments: [("-A 100", 100), ("-A", 0)])
    func `aligned threads expire the offset apart`(line: String, apart: Int) throws {
      let output = try cyclictest("-q -i 10000 -d 0 -l 5 -t 2 -p 60 --spike=1 \(line)").output
      let expiries = try expiries(output)
      let phases = Set(expiries.map { ($0.us + 1) % 10_000 - ($0.us + 1) % 10_000 % 4 })
      // Stamps and values are whole us each, so an expiry is known to 2 us.
      let first = try #require(expiries.first { $0.thread == 0 })
      for expiry in expiries where expiry.thread == 1 {
        let difference = (expiry.us - first.us - apart + 100_000) % 10_000
        #expect(difference <= 2 || difference >= 9_998, "\(phases) \(output)")
      }
    }

    @Test func `threads aligned to the second expire that far behind it`() throws {
      let output = try cyclictest("-q -i 10000 -d 0 -l 5 -t 2 -p 60 --spike=1 --secaligned 300")
        .output
      for expiry in try expiries(output) {
        #expect((298...302).contains(expiry.us % 10_000), "\(output)")
      }
    }

    private func expiries(_ output: String) throws -> [(thread: Int, us: Int)] {
      let line = try Regex("T: *([0-9]+) Spike: *([0-9]+): TS: *([0-9]+)")
        .anchorsMatchLineEndings()
      let found = output.matches(of: line).compactMap { match -> (thread: Int, us: Int)? in
        let numbers = match.output.dropFirst().compactMap { $0.substring.flatMap { Int($0) } }
        return numbers.count == 3 ? (numbers[0], numbers[2] - numbers[1]) : nil
      }
      #expect(found.count == 10, "\(output)")
      return found
    }

    @Test func `JSON has the keys of rt-tests in both spellings`() throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      #expect(try cyclictest("-q -l 30 -S -p 60 -h 400 --json=out.json", in: directory).status == 0)
      let data = try Data(contentsOf: directory.appending(path: "out.json"))
      let json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      for key in ["cmdline", "cmdline:"] {
        #expect((json[key] as? String) == "cyclictest -q -l 30 -S -p 60 -h 400 --json=out.json")
      }
      for key in ["rt_test_version", "rt_test_version:"] {
        #expect((json[key] as? String) == "2.40")
      }
      let threads = try #require(json["thread"] as? [String: [String: Any]])
      #expect((json["num_threads"] as? Int) == threads.count)
      for (name, thread) in threads {
        #expect((thread["cycles"] as? Int) == 30)
        #expect((thread["cpu"] as? Int) == Int(name))
        let (low, high) = (thread["min"] as? Int ?? 0, thread["max"] as? Int ?? 0)
        #expect(low > 0 && low <= high)
      }
    }

    @Test func `the clock's resolution is measured, and its readings listed`() throws {
      let plain = try BuiltCommand.run("-q -l 3 -R".words).error
      #expect(plain.contains("WARN: reported clock resolution: 1 nsec"))
      #expect(plain.contains("WARN: measured clock resolution approximately: "))
      #expect(!plain.contains("consecutive calls"))
      let listed = try BuiltCommand.run("-q -l 3 -R -X".words).error.split(separator: "\n")
      #expect(listed.contains { $0.contains("consecutive calls to clock_gettime()") })
      #expect(listed.count > 1_000)
      #expect(listed.contains { $0.contains("policy other, priority 0") })
    }

    @Test func `the display is renewed on maxima only, and the run ends`() throws {
      func frames(_ line: String) throws -> Int {
        try cyclictest(line).output.components(separatedBy: "policy: ").count - 1
      }
      let often = try frames("-p 60 -i 1000 -D 1")
      let seldom = try frames("-p 60 -i 1000 -D 1 -M")
      #expect(often > 8)
      #expect((1..<often).contains(seldom))
    }

    @Test func `system management interrupts are counted or refused in words`() throws {
      let outcome = try cyclictest("-q -l 5 -a --smi")
      if outcome.status == 0 {
        #expect(outcome.output.contains(" SMI:"))
      } else {
        #expect(outcome.status == 1)
        #expect(outcome.error.hasPrefix("cyclictest: --smi: "), "\(outcome.error)")
        #expect(outcome.output == "")
      }
    }

    @Test(.enabled(if: BuiltCommand.canTrace, "needs tracefs"), arguments: ["", "--tracemark"])
    func `a break prints its three lines, and the status is that of the name`(more: String) throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let words = "-q -l 100000 -p 60 -t 2 -b 1 \(more)".words
      let outcome = try BuiltCommand.run(words, as: "cyclictest", in: directory)
      #expect(outcome.status == 0)
      let lines = outcome.output.split(separator: "\n")
      let ids = try #require(lines.first { $0.hasPrefix("# Thread Ids: ") })
        .dropFirst(14).split(separator: " ").compactMap { Int($0) }
      let thread = try #require(lines.first { $0.hasPrefix("# Break thread: ") }).dropFirst(16)
      let value = try #require(lines.first { $0.hasPrefix("# Break value: ") }).dropFirst(15)
      #expect(ids.count == 2 && ids.contains(Int(thread) ?? 0))
      #expect((Int(value) ?? 0) >= 1)
      let own = try BuiltCommand.run(words + ["--output", directory.path], in: directory)
      #expect([2, 4].contains(own.status))
    }

    @Test(.enabled(if: BuiltCommand.canTrace, "needs tracefs"))
    func `several spikes are several bundles`() throws {
      let directory = try BuiltCommand.directory()
      defer { try? FileManager.default.removeItem(at: directory) }
      let words = "-q -D 10 -p 60 -b 1 --spikes 2 --output \(directory.path)".words
      let outcome = try BuiltCommand.run(words)
      #expect([2, 4].contains(outcome.status), "\(outcome.error)")
      let bundles = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(bundles.count == 2)
      for bundle in bundles {
        let text = RunningCommand.text(directory.path + "/\(bundle)/histogram.txt")
        #expect(text.contains("\n000999 "))
      }
    }

    @Test(arguments: [
      "-I", "-P", "-B", "-w", "-W", "-f", "-T irqsoff", "-C", "-E", "-O stacktrace",
    ])
    func `what cannot be done yet is refused by its name`(option: String) throws {
      let options = try CyclictestArguments.parse(["-b", "9"] + option.words)
      guard !options.withoutEffect.isEmpty else { return }
      let outcome = try BuiltCommand.run(["-b", "9"] + option.words)
      #expect(outcome.status == 64)
      #expect(outcome.error.hasPrefix("breaktrace: \(option.words[0]): "))
      #expect(outcome.output == "")
    }

    @Test(arguments: ["-t 60000 -h 100000", "-s -x -t 2", "--mainaffinity=9999", "-F /"])
    func `what the machine cannot give is refused before anything starts`(line: String) throws {
      let outcome = try BuiltCommand.run(line.words + ["-q", "-l", "1"])
      #expect([3, 64].contains(outcome.status), "\(outcome)")
      #expect(outcome.error.hasPrefix("breaktrace: -") || outcome.error.contains("\nbreaktrace: -"))
      #expect(outcome.output == "")
    }
  }
}
