import Foundation
import Report
import Testing
import TraceModel

@Suite struct CyclictestExtrasTests {
  private func thread(_ index: Int, histogram: [UInt64] = []) -> ThreadStatistics {
    ThreadStatistics(
      index: index, tid: 460, cpu: index, policy: .fifo, priority: 80,
      interval: Nanoseconds(microseconds: 1_000), cycles: 3, minimum: Nanoseconds(37_900),
      latest: Nanoseconds(43_000), maximum: Nanoseconds(68_000), sum: Nanoseconds(148_900),
      histogram: histogram)
  }

  @Test func `the header has the policy, and twice where there is none`() {
    #expect(
      CyclictestText.header(policy: .fifo, loadAverage: "0.1 0.2 0.3 1/9 7")
        == "policy: fifo: loadavg: 0.1 0.2 0.3 1/9 7          \n\n")
    #expect(
      CyclictestText.header(policy: .other, loadAverage: "0").hasPrefix(
        "policy: other/other: loadavg: 0"))
  }

  @Test func `interrupts stand behind the line and in a footer`() {
    #expect(
      CyclictestText().summary([thread(0)], interrupts: [12]).hasSuffix("68 SMI:      12\n"))
    #expect(CyclictestText.interruptLine([0, 12]) == "# SMIs: 00000 00012\n")
  }

  @Test func `late wake-ups are listed with their stamps in us`() {
    let spike = LateWakeup(
      thread: 1, latency: Nanoseconds(17_906_500), wake: Nanoseconds(3_620_488_059_999))
    #expect(
      CyclictestText().spikes([spike], count: 20)
        == "\nT: 1 Spike:   17906: TS:   3620488059\nspikes = 20\n\n")
    #expect(
      CyclictestText(nanoseconds: true).spikes([spike], count: 1).contains("Spike:17906500: "))
    #expect(CyclictestText().spikes([], count: 0) == "")
  }

  @Test func `times of overflows count from the start`() {
    let times = [Nanoseconds(12_900_000), Nanoseconds(2_000_000_000)]
    #expect(
      CyclictestText().overflowTimes(
        [times, []], counts: [5, 0], start: Nanoseconds(1_000_000))
        == "# Histogram Overflow at time (ms):\n# Thread 0: 00011 01999 # 00003 others\n# Thread 1:\n"
    )
  }

  @Test func `the file of --json is JSON with any text in it`() throws {
    let text = CyclictestJSON(
      commandLine: "cyclictest \"a\\b\"\n\u{1}ü", version: "2.40", start: "s", end: "e", status: 0,
      system: ["Linux", "host", "6", "#1", "x86_64"], isRealtime: true, nanoseconds: false,
      threads: [thread(0, histogram: [0, 2, 0, 1]), thread(1, histogram: [0, 0])], nodes: [0]
    ).text
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((json["cmdline"] as? String) == "cyclictest \"a\\b\"\n\u{1}ü")
    let threads = try #require(json["thread"] as? [String: [String: Any]])
    #expect((threads["0"]?["histogram"] as? [String: Int]) == ["1": 2, "3": 1])
    #expect((threads["1"]?["histogram"] as? [String: Int]) == [:])
    #expect((threads["0"]?["avg"] as? Double) == 49.63)
    #expect((threads["0"]?["min"] as? Int) == 37)
    #expect((threads["1"]?["node"] as? Int) == -1)
    #expect(((json["sysinfo"] as? [String: Any])?["realtime"] as? Int) == 1)
  }
}
