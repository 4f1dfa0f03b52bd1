import Foundation
import Glibc
import Testing

/// `breaktrace verify` on this machine.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct VerifyTests {
  private struct Score: Decodable {
    struct Row: Decodable {
      var fault: String
      var rounds: [Round]
    }
    struct Round: Decodable {
      var `class`: String
      var name: String
      var confidence: String
      var class_right: Bool
      var name_right: Bool
      var bundle: String?
    }
    var faults: [Row]
  }

  @Test func `two faults are named, and their bundles kept`() throws {
    let directory = TemporaryDirectory()
    let command = try Command([
      "verify", "--fault", "hog-above", "--fault", "lock-owner", "--rounds", "2", "--format",
      "json", "--output", directory.path,
    ])
    #expect(command.status == 0, "\(command.errors)")
    let score = try JSONDecoder().decode(Score.self, from: Data(command.output.utf8))
    #expect(score.faults.map(\.fault) == ["hog-above", "lock-owner"])
    for row in score.faults {
      #expect(row.rounds.count == 2)
      for round in row.rounds {
        #expect(round.class_right && round.name_right, "\(round)")
        let bundle = try #require(round.bundle)
        #expect(FileManager.default.fileExists(atPath: bundle + "/report.json"))
      }
    }
    // Only the bundles that count.
    let kept = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(kept.count == 4)
    #expect(!Machine.instances().contains { $0.hasPrefix("breaktrace.\(command.pid).") })
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends it, the load and the tracing`(signal: Int32) throws {
    var load: [String] = []
    var parent: Int32 = 0
    let command = try Command(["verify", "--fault", "run-queue", "--rounds", "1000"]) { process in
      parent = process.processIdentifier
      // Until a fault runs, 20 s at the most.
      for _ in 0..<400 where load.isEmpty {
        usleep(50_000)
        load = ProcessTree.children(of: parent).filter {
          Machine.text("/proc/\($0)/cmdline").contains("__fault")
        }.map { "\($0)" }
      }
      kill(parent, signal)
    }
    #expect(!load.isEmpty)
    #expect(command.status == 128 + signal, "\(command.errors)")
    #expect(command.output.contains("run-queue"))
    for process in load {
      #expect(!Machine.text("/proc/\(process)/cmdline").contains("__fault"))
    }
    #expect(!Machine.instances().contains { $0.hasPrefix("breaktrace.\(parent).") })
  }
}

/// The children of a process.
private enum ProcessTree {
  static func children(of parent: Int32) -> [Int32] {
    Machine.text("/proc/\(parent)/task/\(parent)/children").split(separator: " ").compactMap {
      Int32($0)
    }
  }
}
