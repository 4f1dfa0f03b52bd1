import Foundation
import TraceModel

/// The cyclictest that is installed, as an oracle.
enum InstalledCyclictest {
  private static let path = "/usr/bin/cyclictest"

  /// Whether there is one, and whether real-time priorities may be used.
  static var isUsable: Bool {
    FileManager.default.isExecutableFile(atPath: path) && getuid() == 0
  }

  /// Runs it and gives all that it printed. A run that hangs is killed after five seconds.
  static func output(_ words: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["-k", "1", "4", path] + words
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  /// Whether the output is a refusal: 2.4 prints its usage, with exit status 0 or 1.
  static func isRefusal(_ output: String) -> Bool {
    output.contains("Usage:") || output.contains("FATAL") || output.contains("fatal")
  }

  /// The columns P and I of the last `T:` line of each thread.
  static func threads(_ output: String) -> [Int: [Int]] {
    var found: [Int: [Int]] = [:]
    let line = #/T: *(\d+) \( *\d+\) P: *(-?\d+) I: *(\d+) /#
    for match in output.matches(of: line) {
      guard let index = Int(match.1), let priority = Int(match.2), let interval = Int(match.3)
      else { continue }
      found[index] = [priority, interval]
    }
    return found
  }

  /// The CPUs that this process may use.
  static func available() throws -> CPUSet {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    let list = line?.split(whereSeparator: \.isWhitespace).last ?? ""
    return CPUSet(list: list) ?? CPUSet([])
  }
}
