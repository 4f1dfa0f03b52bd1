import Glibc
import Testing
import TraceModel

@testable import Session

/// What the processes and threads of faults report.
struct FaultTests {
  @Test(arguments: ["cannot make timers: EAGAIN", "", "ü", String(repeating: "x", count: 2_000)])
  func `a log keeps why its fault could not be made`(text: String) throws {
    let log = try FaultLog()
    #expect(log.complaint == nil)
    // The child finds the log under its own number.
    #expect(dup2(log.descriptor, 200) == 200)
    defer { close(200) }
    let words = try #require(FaultLog.map(200))
    defer { munmap(words, FaultLog.size) }
    FaultLogWriter(words).complain(text)
    #expect(log.complaint == (text.isEmpty ? nil : String(text.prefix(511))))
    #expect(log.entries().isEmpty)
  }

  @Test(.enabled(if: PageHold.obstacle() == nil, "needs userfaultfd with write protection"))
  func `a held page keeps its thread waiting, which then goes on`() throws {
    var thread = pthread_t()
    let worst = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
    worst.initialize(to: 0)
    defer { worst.deallocate() }
    let started = pthread_create(
      &thread, nil,
      { argument in
        let file = open("/proc/thread-self/comm", O_WRONLY)
        write(file, "bt-held-test", 12)
        close(file)
        let begin = now()
        var last = begin
        while last - begin < 800_000_000 {
          usleep(1_000)
          let time = now()
          argument?.storeBytes(
            of: max(argument?.load(as: Int64.self) ?? 0, time - last), as: Int64.self)
          last = time
        }
        return nil
      }, worst)
    #expect(started == 0)
    var found: Int32?
    while found == nil {
      found = tasks().first { name(of: $0) == "bt-held-test" }
    }
    let tid = try #require(found)
    let hold = PageHold(
      target: tid, busy: Nanoseconds(30_000_000), period: Nanoseconds(200_000_000),
      delay: Nanoseconds(50_000_000))
    hold.start()
    pthread_join(thread, nil)
    let entries = hold.stop()
    #expect(hold.failure == nil)
    #expect(!entries.isEmpty)
    for entry in entries {
      #expect(entry.tid == tid && entry.span.length >= Nanoseconds(30_000_000))
    }
    #expect(worst.pointee >= 30_000_000)
    // A second one on what is not a thread of ours holds nothing.
    let none = PageHold(
      target: 1, busy: Nanoseconds(1_000_000), period: Nanoseconds(10_000_000), delay: .zero)
    none.start()
    usleep(30_000)
    #expect(none.stop().isEmpty && none.failure == nil)
  }

  private func tasks() -> [Int32] {
    guard let directory = opendir("/proc/self/task") else { return [] }
    defer { closedir(directory) }
    var found: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let tid = Int32(name) { found.append(tid) }
    }
    return found
  }

  private func name(of tid: Int32) -> String? {
    ProcText.read("/proc/self/task/\(tid)/comm")?.split(separator: "\n").first.map(String.init)
  }
}

private func now() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
