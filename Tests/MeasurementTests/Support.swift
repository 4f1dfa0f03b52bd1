import Foundation
import Glibc
import Measurement
import Testing
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

  /// The same for a marker, without the lines by which `ready` threads said that they are ready: no
  /// hits. A thread that another one's hit stops may not have come to it, or comes to it late.
  func marker(ready: ClosedRange<Int>) -> String {
    let all = text()
    let lines = all.matches(of: /breaktrace: tid=\d+ is ready to measure/)
    #expect(ready.contains(lines.count), "\(all)")
    #expect(lines.allSatisfy { BreakMarker(String($0.output)) == nil })
    return all.replacing(/breaktrace: tid=\d+ is ready to measure/, with: "")
  }
}

/// The policy and real-time priority of a thread of this process in /proc.
func schedulerInProc(tid: Int32) throws -> (policy: Int32, priority: Int32) {
  let text = try String(contentsOfFile: "/proc/self/task/\(tid)/stat", encoding: .utf8)
  let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
  // Fields 40 and 41 of proc(5); the slice begins with the second.
  return (Int32(fields[39]) ?? -1, Int32(fields[38]) ?? -1)
}
