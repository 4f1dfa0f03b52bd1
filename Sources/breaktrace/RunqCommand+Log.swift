import Analysis
import Glibc

/// `breaktrace runq --check-log`
enum RunqLogCheck {
  /// Reports which rows of a runqslower log cannot have the right name.
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
        "breaktrace: \(path): contains no row of runqslower (TIME COMM TID LAT(us))")
      return .failure
    }
    let problems = log.problems
    for problem in problems { Console.output("\(path): \(problem.text)\n") }
    guard !problems.isEmpty else {
      Console.output("\(path): \(log.rows.count) rows, no thread has two names\n")
      return .success
    }
    Console.output(
      """
      \(path): \(log.rows.count) rows, \(problems.count) contradictions. Either these threads exited or called exec in \
      between, or this version of runqslower prints the name of the task that is current at sched_switch. In that case \
      the thread id belongs to the delayed task and the name to the task that was running (iovisor/bcc #2588).

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
