import Foundation

/// A measurement that runs while the test looks at it in /proc.
final class RunningCommand {
  private let process = Process()
  private let output = Pipe()
  private let error = Pipe()

  /// Starts the executable and waits until its measuring threads run.
  init(_ words: [String], as name: String = "breaktrace") throws {
    process.executableURL = URL(
      filePath: name == "breaktrace" ? BuiltCommand.path : try BuiltCommand.linked(name))
    process.arguments = words
    process.standardOutput = output
    process.standardError = error
    process.standardInput = FileHandle.nullDevice
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    try BuiltCommand.start(process)
    let end = Date(timeIntervalSinceNow: 10)
    while process.isRunning, Date() < end {
      let waiting = tasks
      if !waiting.isEmpty, waiting.allSatisfy({ isWaiting($0) }) { break }
      usleep(10_000)
    }
    // Warm-up cycles wait in another way than those that are recorded.
    usleep(200_000)
  }

  deinit {
    if process.isRunning {
      process.interrupt()
      process.waitUntilExit()
    }
  }

  /// The process.
  var pid: Int32 { process.processIdentifier }

  /// Thread ids of the measuring threads, by their names.
  var tasks: [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    let named = all.compactMap { task -> (Int, Int32)? in
      let comm = Self.text("/proc/\(pid)/task/\(task)/comm").trimmingCharacters(in: .newlines)
      guard comm.hasPrefix("breaktrace/"), let index = Int(comm.dropFirst(11)),
        let tid = Int32(task)
      else { return nil }
      return (index, tid)
    }
    return named.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func isWaiting(_ task: Int32) -> Bool {
    stat(task).count > 40 && !Self.text("/proc/\(pid)/task/\(task)/syscall").isEmpty
  }

  /// Fields of /proc/PID/task/TID/stat, numbered as in proc(5).
  func stat(_ task: Int32) -> [Int: Int] {
    let text = Self.text("/proc/\(pid)/task/\(task)/stat")
    guard let close = text.lastIndex(of: ")") else { return [:] }
    let fields = text[text.index(after: close)...].split(separator: " ")
    return Dictionary(
      uniqueKeysWithValues: fields.enumerated().compactMap { index, field in
        Int(field).map { (index + 3, $0) }
      })
  }

  /// A line of /proc/PID/task/TID/status.
  func status(_ task: Int32, _ key: String) -> String {
    let lines = Self.text("/proc/\(pid)/task/\(task)/status").split(separator: "\n")
    let line = lines.first { $0.hasPrefix(key + ":") }
    return line.map { $0.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces) } ?? ""
  }

  /// Number and arguments of the system call in which a thread waits; looked for until one is
  /// there.
  func systemCall(_ task: Int32) -> [String] {
    for _ in 0..<200 {
      let words = Self.text("/proc/\(pid)/task/\(task)/syscall").split(separator: " ")
      if words.count > 6 { return words.map(String.init) }
      usleep(5_000)
    }
    return []
  }

  /// What the process's descriptors point to.
  var openFiles: [String] {
    let directory = "/proc/\(pid)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)")
    }
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(pid, signal) }

  /// Ends it as a terminal's Ctrl-C does, and gives what it left.
  func finish() -> BuiltCommand.Outcome {
    process.interrupt()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let errors = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return BuiltCommand.Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      error: String(decoding: errors, as: UTF8.self))
  }

  /// A file of /proc, empty where it cannot be read.
  static func text(_ path: String) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else { return "" }
    defer { try? handle.close() }
    return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
  }
}
