import Foundation
import Report
import Testing
import TraceModel

/// What cyclictest printed, taken apart again, so that it can be printed by us and compared.
private struct CyclictestOutput {
  var threads: [ThreadStatistics] = []
  var overflowCycles: [[UInt64]] = []

  init(_ text: String, nanoseconds: Bool, sumColumn: Bool) {
    var rows: [[UInt64]] = []
    var footers: [String: [Int64]] = [:]
    var unit: Int64 { nanoseconds ? 1 : 1_000 }
    for line in text.split(separator: "\n").map(String.init) {
      if line.hasPrefix("T:") {
        let n = line.split { !$0.isNumber }.compactMap { Int64($0) }
        var thread = ThreadStatistics(
          index: Int(n[0]), tid: Int32(n[1]), cpu: nil, policy: .fifo, priority: Int32(n[2]),
          interval: Nanoseconds(microseconds: n[3]))
        thread.cycles = 1
        thread.minimum = Nanoseconds(n[5] * unit)
        thread.latest = Nanoseconds(n[6] * unit)
        thread.sum = Nanoseconds(n[7] * unit * n[4])
        thread.cycles = UInt64(n[4])
        thread.maximum = Nanoseconds(n[8] * unit)
        threads.append(thread)
      } else if line.hasPrefix("# Thread "), !line.hasPrefix("# Thread Ids") {
        let numbers = line.drop { $0 != ":" }.prefix { $0 != "#" }
        overflowCycles.append(numbers.split { !$0.isNumber }.compactMap { UInt64($0) })
      } else if line.hasPrefix("# "), let colon = line.firstIndex(of: ":") {
        footers[String(line[line.index(line.startIndex, offsetBy: 2)..<colon])] =
          line[colon...].split { !$0.isNumber }.compactMap { Int64($0) }
      } else if line.first?.isNumber == true {
        rows.append(line.split { !$0.isNumber }.dropFirst().compactMap { UInt64($0) })
      }
    }
    guard threads.isEmpty else { return }
    let minima = footers["Min Latencies"] ?? []
    for index in minima.indices {
      var thread = ThreadStatistics(
        index: index, tid: 0, cpu: nil, policy: .fifo, priority: 0, interval: .zero, cycles: 1)
      thread.minimum = Nanoseconds(minima[index] * unit)
      thread.sum = Nanoseconds((footers["Avg Latencies"] ?? [])[index] * unit)
      thread.maximum = Nanoseconds((footers["Max Latencies"] ?? [])[index] * unit)
      thread.overflows = UInt64((footers["Histogram Overflows"] ?? [])[index])
      thread.histogram = rows.map { $0[index] }
      threads.append(thread)
    }
  }
}

private func fixture(_ name: String) throws -> String {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
  return try String(
    contentsOf: folder.appending(path: "Fixtures/cyclictest-\(name).txt"), encoding: .utf8)
}

/// Runs a shell pipeline as the clients do.
private func shell(_ command: String, input: String) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", command]
  let (stdin, stdout) = (Pipe(), Pipe())
  process.standardInput = stdin
  process.standardOutput = stdout
  try process.run()
  try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
  try stdin.fileHandleForWriting.close()
  let data = try stdout.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  return String(decoding: data, as: UTF8.self)
}

private func thread(_ index: Int, maximum: Int64 = 40) -> ThreadStatistics {
  ThreadStatistics(
    index: index, tid: 1813 + Int32(index), cpu: index, policy: .fifo, priority: 80,
    interval: Nanoseconds(microseconds: 200), cycles: 100, minimum: Nanoseconds(2_900),
    latest: Nanoseconds(4_100), maximum: Nanoseconds(microseconds: maximum),
    sum: Nanoseconds(100 * 5_500), histogram: [0, 0, 30, 40, 25 - UInt64(index), 0],
    overflows: 5 + UInt64(index))
}

@Suite struct CyclictestTextTests {
  @Test(
    arguments: [
      ("hist1", false), ("hist2", false), ("histsum", true), ("histsum1", true),
    ])
  func `prints the histogram of cyclictest byte for byte`(name: String, sum: Bool) throws {
    let text = try fixture(name)
    let output = CyclictestOutput(text, nanoseconds: false, sumColumn: sum)
    #expect(!output.threads.isEmpty)
    let ours = CyclictestText(sumColumn: sum).histogram(
      output.threads, overflowCycles: output.overflowCycles)
    #expect(CyclictestText.dmaLatencyLine(microseconds: 0) + ours == text)
  }

  @Test(arguments: [("summary", false), ("summaryns", true)])
  func `prints the T lines of cyclictest byte for byte`(name: String, nanoseconds: Bool) throws {
    let text = try fixture(name)
    let output = CyclictestOutput(text, nanoseconds: nanoseconds, sumColumn: false)
    #expect(output.threads.count == 2)
    let ours = CyclictestText(nanoseconds: nanoseconds).summary(output.threads)
    #expect(CyclictestText.dmaLatencyLine(microseconds: 0) + ours == text)
  }

  @Test(arguments: [("break", false), ("breakns", true)])
  func `prints the break lines of cyclictest byte for byte`(name: String, nanoseconds: Bool) throws
  {
    let lines = try fixture(name).split(separator: "\n").suffix(3).map { $0 + "\n" }
    let numbers = lines.map { $0.split { !$0.isNumber }.compactMap { Int64($0) } }
    let ours = CyclictestText(nanoseconds: nanoseconds).breakLines(
      tids: numbers[0].map { Int32($0) }, thread: Int32(numbers[1][0]),
      latency: Nanoseconds(numbers[2][0] * (nanoseconds ? 1 : 1_000)))
    #expect(ours == lines.joined())
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/cyclictest"),
      "cyclictest is not installed"),
    arguments: ["-q -l100 -i200 -h20 -t2", "-q -l100 -i200 -H150 -t2", "-q -l100 -i200 -h150"])
  func `agrees with the cyclictest that is installed`(options: String) throws {
    let text = try shell("/usr/bin/cyclictest \(options) | grep -v dma_latency", input: "")
    let sum = options.contains("-H")
    let output = CyclictestOutput(text, nanoseconds: false, sumColumn: sum)
    let ours = CyclictestText(sumColumn: sum).histogram(
      output.threads, overflowCycles: output.overflowCycles)
    #expect(ours == text)
  }

  @Test func `prints verbose lines and takes the first worst of each group`() {
    let text = CyclictestText()
    #expect(
      text.verboseLine(thread: 1, cycle: 12, latency: Nanoseconds(66_900))
        == "       1:      12:      66\n")
    var reduction = VerboseReduction(factor: 2)
    #expect(reduction.add(cycle: 0, latency: Nanoseconds(-5)) == nil)
    let first = reduction.add(cycle: 1, latency: Nanoseconds(-7))
    #expect(first?.cycle == 0 && first?.latency.count == -5)
    #expect(reduction.add(cycle: 2, latency: Nanoseconds(3)) == nil)
    #expect(reduction.add(cycle: 3, latency: Nanoseconds(4))?.cycle == 3)
  }

  @Test func `prints zeros before the first cycle and a sign for early wake-ups`() {
    var empty = ThreadStatistics(
      index: 0, tid: 5, cpu: nil, policy: .other, priority: 0,
      interval: Nanoseconds(microseconds: 1_000))
    #expect(
      CyclictestText().summaryLine(empty)
        == "T: 0 (    5) P: 0 I:1000 C:      0 Min:      0 Act:    0 Avg:    0 Max:       0\n")
    empty.cycles = 1
    empty.minimum = Nanoseconds(-7_200)
    #expect(CyclictestText().histogram([empty]).contains("# Min Latencies: -0007\n"))
  }
}

/// The patterns with which the programs around cyclictest read its output.
@Suite struct CyclictestClientTests {
  let histogram = CyclictestText().histogram(
    [thread(0), thread(1, maximum: 1_234)], overflowCycles: [[1, 2], []])
  let summary = CyclictestText().summary([thread(0), thread(1, maximum: 1_234)])

  @Test func `the OSADL plot script finds maximum and columns`() throws {
    let maximum = try shell(
      #"grep "Max Latencies" | tr " " "\n" | sort -n | tail -1 | sed s/^0*//"#, input: histogram)
    #expect(maximum == "1234\n")
    let columns = try shell(
      #"grep -v -e "^#" -e "^$" | tr " " "\t" | cut -f1,3"#, input: histogram)
    #expect(
      columns
        == "000000\t000000\n000001\t000000\n000002\t000030\n000003\t000040\n000004\t000024\n"
        + "000005\t000000\n")
    let rest = try shell(#"grep -v -e "^#" -e "^$" -e "^[0-9]""#, input: histogram)
    #expect(rest.isEmpty)
  }

  @Test func `the OSADL JSON script splits the maxima`() throws {
    let line = try #require(
      histogram.split(separator: "\n").first { $0.hasPrefix("# Max Latencies:") })
    let values = line.components(separatedBy: ":")[1].trimmingCharacters(in: .whitespaces)
      .components(separatedBy: " ")
    #expect(values == ["00040", "01234"])
  }

  @Test func `rteval reads break value, maxima and rows`() throws {
    let lines = CyclictestText().breakLines(
      tids: [1813, 1814], thread: 1814, latency: Nanoseconds(1_234_900))
    #expect(lines.contains("\n# Break value: 1234\n"))
    let maxima = try #require(histogram.firstRange(of: "# Max Latencies: "))
    #expect(histogram[maxima.upperBound...].hasPrefix("00040 01234\n"))
    for row in histogram.split(separator: "\n") where !row.hasPrefix("#") {
      let values = row.split(whereSeparator: \.isWhitespace)
      #expect(values.count == 3 && values.allSatisfy { Int($0) != nil })
    }
  }

  @Test func `the OpenShift test takes integers after the maxima's name`() throws {
    let match = try #require(histogram.firstMatch(of: /# Max Latencies:\t*\s*(.*)\s*\t*/))
    #expect(match.1.split(separator: " ").map { Int($0) } == [40, 1_234])
  }

  @Test func `snafu takes the first Avg, Max and Min`() throws {
    let expected = ["Avg": "00005 00005", "Max": "00040 01234", "Min": "00002 00002"]
    for (name, value) in expected {
      let match = try #require(histogram.firstMatch(of: try Regex("\(name).+")))
      let parts = histogram[match.range].components(separatedBy: ":")
      #expect(parts[1].trimmingCharacters(in: .whitespaces) == value)
    }
  }

  @Test func `mmtests takes average and maximum of a T line`() throws {
    for line in summary.split(separator: "\n") {
      let match = try #require(line.firstMatch(of: /^T.*Avg:\s+([0-9]+).*Max:\s+([0-9]+)/))
      #expect(match.1 == "5" && ["40", "1234"].contains(String(match.2)))
    }
  }

  @Test func `ChromiumOS matches verbose and break lines whole`() {
    let text = CyclictestText()
    let verbose = text.verboseLine(thread: 0, cycle: 1, latency: Nanoseconds(63_000)).dropLast()
    #expect(verbose.wholeMatch(of: /^[ \t]+\d+:[ \t]+\d+:[ \t]*\d+$/) != nil)
    let lines = text.breakLines(tids: [7, 8], thread: 8, latency: Nanoseconds(9_000))
      .split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].wholeMatch(of: /^# Thread Ids: .*$/) != nil)
    #expect(lines[1].wholeMatch(of: /^# Break thread: \d+$/) != nil)
    #expect(lines[2].wholeMatch(of: /^# Break value: \d+$/) != nil)
  }

  @Test(arguments: [false, true])
  func `the common pattern matches the whole T line`(nanoseconds: Bool) {
    let pattern =
      /T:\s*(\d+)\s*\(\s*(\d+)\s*\)\s*P:\s*(\d+)\s*I:\s*(\d+)\s*C:\s*(\d+)\s*Min:\s*(\d+)\s*Act:\s*(\d+)\s*Avg:\s*(\d+)\s*Max:\s*(\d+)/
    let line = CyclictestText(nanoseconds: nanoseconds).summaryLine(thread(3)).dropLast()
    let match = line.wholeMatch(of: pattern)
    #expect(match?.1 == "3" && match?.2 == "1816" && match?.9 == (nanoseconds ? "40000" : "40"))
  }
}
