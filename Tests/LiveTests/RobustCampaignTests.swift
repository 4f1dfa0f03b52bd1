import Foundation
import Testing

/// A hundred spikes in one run.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct RobustCampaignTests {
  /// Kilobytes of the process's peak resident memory.
  private static func peak(_ pid: Int32) -> Int? {
    let line = Machine.text("/proc/\(pid)/status").split(separator: "\n").first {
      $0.hasPrefix("VmHWM:")
    }
    return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
      .flatMap { Int($0) }
  }

  @Test func `a hundred spikes sum up, and memory is flat between the tenth and the hundredth`()
    throws
  {
    let directory = TemporaryDirectory()
    var tenth: Int?
    var last: Int?
    let command = try Command([
      "-q", "-a", "1", "-t", "1", "-p", "80", "-i", "1000", "-b", "2", "--spikes", "100",
      "--buffer", "512", "--output", directory.path,
    ]) { process in
      while process.isRunning {
        let bundles = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let done = bundles.count { !$0.hasPrefix(".") }
        if done >= 10, tenth == nil { tenth = Self.peak(process.processIdentifier) }
        if done >= 10, let peak = Self.peak(process.processIdentifier) { last = peak }
        usleep(5_000)
      }
    }
    #expect([2, 4].contains(command.status), "\(command.errors)")
    let first = try #require(tenth)
    let end = try #require(last)
    #expect(end - first <= 5_120, "\(first) kB after the tenth, \(end) kB at the end")

    let bundles = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(bundles.count == 100)
    // Each row of the table by class is the number of bundles of that class, and together they are
    // all.
    let sums = command.output.split(separator: "\n").drop { $0 != "By class" }.dropFirst(3)
    var total = 0
    for line in sums {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 4, let count = Int(words[0]) else { break }
      total += count
      let named = bundles.count { name in
        // breaktrace-CLASS-NNNus-cpuN, and -N after it for one more of the same name.
        let rest = name.dropFirst("breaktrace-\(words[2])-".count)
        return name.hasPrefix("breaktrace-\(words[2])-") && rest.first?.isNumber ?? false
      }
      #expect(named == count, "\(words[2])")
    }
    #expect(total == 100)
    #expect(CrashTests.isGone(command.pid))
  }
}
