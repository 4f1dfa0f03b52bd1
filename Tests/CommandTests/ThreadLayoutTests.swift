import Testing
import TraceModel

@testable import breaktrace

@Suite struct ThreadLayoutTests {
  private func layout(_ line: String, _ available: [Int] = [0, 1, 2, 3]) throws -> ThreadLayout {
    try ThreadLayout(
      try CyclictestArguments.parse(line.words), available: CPUSet(available))
  }

  @Test(arguments: [
    ("-t3", [0, 1, 2, 3], [[], [], []]), ("-a", [4, 6], [[4]]),
    ("-S", [0, 1, 2], [[0], [1], [2]]), ("-a -t3", [4, 6], [[4], [6], [4]]),
    ("-a 3-5,0 -t5", [0, 1, 2, 3, 4, 5], [[0], [3], [4], [5], [0]]),
    ("-a !0,2 -t", [0, 1, 2, 3], [[1], [3]]), ("-a +0-1 -t", [2, 5, 7], [[2], [5]]),
    ("-a all -t3", [1, 2], [[1], [2], [1]]), ("-t", [0, 3], [[], []]),
  ])
  func `places threads`(line: String, available: [Int], places: [[Int]]) throws {
    #expect(try layout(line, available).threads.map { $0.cpus?.cpus ?? [] } == places)
  }

  @Test(arguments: ["-a 7", "-a !7", "-a +4", "-a !0-3"])
  func `refuses CPUs that are not there`(line: String) {
    #expect(throws: UsageError.self) { try layout(line) }
  }

  @Test(arguments: [
    ("-t3", [1_000, 1_500, 2_000]), ("-t3 -d 0", [1_000, 1_000, 1_000]),
    ("-t2 -i 200 -d 10", [200, 210]), ("-t3 -h 100", [1_000, 1_000, 1_000]),
    ("-t2 -h 100 -d 30", [1_000, 1_000]), ("-S", [1_000, 1_500, 2_000, 2_500]),
    ("-t2 -i 2147483647 -d 2147483647", [2_147_483_647, 4_294_967_294]),
  ])
  func `spaces intervals`(line: String, microseconds: [Int64]) throws {
    #expect(try layout(line).threads.map(\.interval.microseconds) == microseconds)
  }

  @Test(arguments: [
    ("-t2", SchedulingPolicy.other, [Int32](arrayLiteral: 0, 0)), ("-t2 -p 80", .fifo, [80, 80]),
    ("-t2 -p 80 -y rr", .rr, [80, 80]), ("-t2 -p 80 -Q", .fifo, [80, 79]),
    ("-t2 -Q", .fifo, [3, 2]), ("-t2 -y fifo", .fifo, [3, 3]), ("-t2 -y batch", .batch, [0, 0]),
    ("-t2 -y idle", .idle, [0, 0]), ("-t2 -p 0", .other, [0, 0]), ("-t2 -Q -p 2", .fifo, [2, 1]),
  ])
  func `gives priorities`(line: String, policy: SchedulingPolicy, priorities: [Int32]) throws {
    let threads = try layout(line).threads
    #expect(threads.map(\.priority) == priorities)
    #expect(threads.allSatisfy { $0.policy == policy })
  }

  @Test func `refuses to spread fewer priorities than threads`() {
    #expect(throws: UsageError.self) { try layout("-t3 -Q -p 2") }
    #expect(throws: UsageError.self) { try layout("-t100 -Q") }
  }

  @Test func `says which priority it chose`() throws {
    #expect(try layout("-t2 -y rr").notes == ["-p is not given, using priority 3"])
    #expect(try layout("-t500 -y rr").threads.first?.priority == 99)
    #expect(try layout("-t2 -p 3").notes.isEmpty)
  }
}
