import Analysis
import Glibc

/// `breaktrace runq --check-log`
enum RunqLogCheck {
  /// Tells which rows of a runqslower log cannot carry the right name.
  static func run(_ path: String) -> ExitStatus {
    let text: String
    do throws(UsageError) {
      text = try TextFile.read(path)
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    let log = RunqslowerLog(text)
    guard !log.rows.isEmpty else {
      Console.error(
        "breaktrace: \(path): no row of runqslower in it (TIME COMM TID LAT(us))")
      return .failure
    }
    let problems = log.problems
    for problem in problems { Console.output("\(path): \(problem.text)\n") }
    guard !problems.isEmpty else {
      Console.output("\(path): \(log.rows.count) rows, no thread under two names\n")
      return .success
    }
    Console.output(
      """
      \(path): \(log.rows.count) rows, \(problems.count) contradictions. Either the threads ended or executed something \
      between, or this runqslower takes the name from the task that is current in sched_switch: then the thread id is that \
      of the delayed task and the name that of the task that held the CPU (iovisor/bcc #2588).

      """)
    return .hit
  }
}

/// The threads of a process.
enum ProcessThreads {
  /// Their ids, empty where there is no such process.
  static func list(_ pid: Int32) -> [Int32] {
    guard let directory = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(directory) }
    var threads: [Int32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let thread = Int32(name) { threads.append(thread) }
    }
    return threads
  }
}
