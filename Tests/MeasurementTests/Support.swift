import Foundation
import Glibc
import Testing
import Measurement
import TraceModel

let isRoot = geteuid() == 0

/// A plan for a test: no locked memory and no PM QoS unless the test is about them.
func quickPlan(
  threads: Int = 1, interval: Int64 = 500, loops: UInt64 = 0, threshold: Int64? = nil
) -> MeasurementPlan {
  var plan = MeasurementPlan(
    threads: (0..<threads).map {
      ThreadPlan(index: $0, interval: Nanoseconds(microseconds: interval))
    })
  plan.loops = loops
  plan.lockMemory = false
  plan.dmaLatency = nil
  plan.breakThreshold = threshold.map { Nanoseconds(microseconds: $0) }
  return plan
}

/// Runs a plan to its end.
func finished(_ plan: MeasurementPlan) throws -> Engine {
  let engine = Engine(plan: plan)
  try engine.prepare()
  engine.begin()
  engine.join()
  return engine
}

/// Waits until the descriptor is readable; false after 20 s.
func waitReadable(_ descriptor: Int32) -> Bool {
  var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return Glibc.poll(&poll, 1, 20_000) == 1
}

/// Both ends of a pipe that stands for a file of tracefs.
struct TestPipe: ~Copyable {
  let reading: Int32
  let writing: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    reading = ends[0]
    writing = ends[1]
  }

  deinit {
    close(reading)
    close(writing)
  }

  /// What was written since the last call.
  func text() -> String {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(reading, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  /// The same for a marker: each of the threads first wrote that it is ready, which is no hit; what came behind that.
  func marker(readyThreads: Int) -> String {
    let parts = text().split(separator: "is ready to measure", omittingEmptySubsequences: false)
    #expect(parts.count == readyThreads + 1)
    #expect(
      parts.dropLast().allSatisfy { $0.hasPrefix("breaktrace: tid=") && BreakMarker($0) == nil })
    return parts.last.map(String.init) ?? ""
  }
}

/// The policy and real-time priority of a thread of this process in /proc.
func schedulerInProc(tid: Int32) throws -> (policy: Int32, priority: Int32) {
  let text = try String(contentsOfFile: "/proc/self/task/\(tid)/stat", encoding: .utf8)
  let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
  // Fields 40 and 41 of proc(5); the slice begins with the second.
  return (Int32(fields[39]) ?? -1, Int32(fields[38]) ?? -1)
}
