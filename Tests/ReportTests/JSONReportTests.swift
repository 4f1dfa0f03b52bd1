import Analysis
import Foundation
import Report
import Testing
import TraceModel

@Suite struct JSONReportTests {
  /// The part of the schema that readers rely on.
  struct Schema: Decodable {
    struct Spike: Decodable {
      struct Segment: Decodable {
        var name: String
        var ns: Int64
        var share: Double
      }
      struct Culprit: Decodable {
        struct Evidence: Decodable {
          var time_ns: Int64?
          var cpu: Int?
          var event: String
          var text: String
        }
        struct Refuted: Decodable {
          var `class`: String
          var why: String
        }
        var `class`: String
        var name: String
        var confidence: String
        var ns: Int64
        var evidence: [Evidence]
        var refuted: [Refuted]
        var next_step: String
      }
      struct Ran: Decodable {
        var kind: String
        var name: String
        var pid: Int32?
        var priority: Int32?
        var ns: Int64
      }
      struct Trace: Decodable {
        var clock: String
        var events_in_window: Int
        var lost_in_window: UInt64
      }
      var cpu: Int
      var tid: Int32
      var comm: String
      var policy: String
      var priority: Int
      var sequence: UInt64
      var expiry_ns: Int64
      var latency_ns: Int64
      var threshold_ns: Int64
      var source: String
      var segments: [Segment]
      var culprit: Culprit
      var contributors: [Culprit]
      var ran: [Ran]
      var trace: Trace
    }
    var schema: Int
    var spike: Spike
    var machine: MachineFacts
    var run: RunFacts
  }

  struct Several: Decodable {
    var spikes: [Schema]
  }

  @Test(arguments: SpikeExamples.names)
  func `the JSON has the schema's keys and the analysis's values`(name: String) throws {
    let report = SpikeExamples.report(name)
    let read = try JSONDecoder().decode(Schema.self, from: Data(report.json.utf8))
    #expect(read.schema == 1)
    #expect(read.spike.latency_ns == report.analysis.sample.latency.count)
    #expect(read.spike.segments.map(\.ns).reduce(0, +) == read.spike.latency_ns)
    #expect(
      read.spike.segments.map(\.name) == [
        "timer", "irq", "enqueue", "schedule", "return", "clock-read", "unexplained",
      ])
    #expect(read.spike.culprit.class == report.analysis.culprit.culprit.rawValue)
    #expect(
      read.spike.culprit.ns + read.spike.contributors.map(\.ns).reduce(0, +)
        == read.spike.latency_ns)
    #expect(read.spike.ran.map(\.ns).reduce(0, +) == read.spike.latency_ns)
    #expect(read.machine == report.facts.machine)
    #expect(read.run == report.facts.run)
  }

  @Test func `equal reports give equal bytes`() throws {
    for name in SpikeExamples.names {
      #expect(try SpikeExamples.report(name).json == SpikeExamples.report(name).json)
    }
  }

  @Test func `several reports are a list`() throws {
    let reports = SpikeExamples.names.map(SpikeExamples.report)
    let text = try JSONReport.render(reports)
    let read = try JSONDecoder().decode(Several.self, from: Data(text.utf8))
    #expect(read.spikes.map(\.spike.latency_ns) == reports.map(\.analysis.sample.latency.count))
  }

  @Test(arguments: SpikeExamples.names)
  func `every number of the text is in the JSON`(name: String) throws {
    let report = SpikeExamples.report(name)
    let json = try report.json
    let tokens = Set(
      json.split { !($0.isASCII && ($0.isNumber || $0.isLetter)) }.map(String.init))
    let shares = json.matches(of: /"share" : ([0-9.]+)/).compactMap { Double($0.output.1) }
    var missing: [String] = []
    // A share, a decimal number of us or s, or any other word that begins with a digit.
    let number = /(?<share>[0-9.]+) %|(?<decimal>[0-9]+\.[0-9]+)|(?<word>\b[0-9][0-9A-Za-z]*)/
    var seen = (shares: 0, decimals: 0, words: 0)
    for match in report.text.matches(of: number) {
      if let text = match.share, let shown = Double(text) {
        seen.shares += 1
        let known = shares.contains { share in
          text.contains(".")
            ? abs(share * 100 - shown) < 0.001 : Int((share * 1_000).rounded()) / 10 == Int(shown)
        }
        if !known { missing.append(String(text)) }
      } else if let text = match.decimal {
        seen.decimals += 1
        let digits = text.filter { $0 != "." }.drop { $0 == "0" }
        let parts = text.split(separator: ".").map(String.init)
        // ns in the JSON, or part of a text such as a version.
        let known =
          tokens.contains(digits.isEmpty ? "0" : String(digits))
          || parts.allSatisfy(tokens.contains)
        if !known { missing.append(String(text)) }
      } else if let text = match.word {
        seen.words += 1
        // `[001]` is the CPU as ftrace prints it.
        let plain = text.drop { $0 == "0" }
        if !tokens.contains(String(text)), !tokens.contains(plain.isEmpty ? "0" : String(plain)) {
          missing.append(String(text))
        }
      }
    }
    #expect(missing == [])
    #expect(seen.shares > 5 && seen.decimals > 50 && seen.words > 50)
  }

  @Test func `control characters and odd names survive JSON`() throws {
    var report = SpikeExamples.report("irqs-off")
    let names = ["a\"b\\c", "\u{1}\u{1f}\u{7f}", "tab\t\r\n", "\u{fffd}\u{202e}é", "</script>"]
    report.facts.rtThreads = names.enumerated().map { index, name in
      RTThreadRow(tid: Int32(index), state: "S", priority: 1, policy: .rr, comm: name)
    }
    let text = try report.json
    struct Threads: Decodable {
      struct Thread: Decodable { var comm: String }
      var rt_threads: [Thread]
    }
    let read = try JSONDecoder().decode(Threads.self, from: Data(text.utf8))
    #expect(read.rt_threads.map(\.comm) == names)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 32 })
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3"), "needs python3"))
  func `another reader takes the JSON`() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = ["-m", "json.tool"]
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let text = try JSONReport.render(SpikeExamples.names.map(SpikeExamples.report))
    input.fileHandleForWriting.write(Data(text.utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
