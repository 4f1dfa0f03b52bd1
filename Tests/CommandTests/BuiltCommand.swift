import Foundation

/// The built executable as a process, under either of its names.
enum BuiltCommand {
  /// What a finished process left.
  struct Outcome: Sendable {
    var status: Int32
    var output: String
    var error: String
  }

  /// Beside the test bundle.
  static var path: String {
    let bundle = URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
    let beside = bundle.appending(path: "breaktrace").path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    var root = URL(filePath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    return root.appending(path: ".build/debug/breaktrace").path
  }

  /// Whether measuring with real-time priorities is possible.
  static var isUsable: Bool { getuid() == 0 && FileManager.default.isExecutableFile(atPath: path) }

  /// Whether tracefs is there as well.
  static var canTrace: Bool {
    isUsable && FileManager.default.fileExists(atPath: "/sys/kernel/tracing/instances")
  }

  /// A new directory.
  static func directory() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(
      path: "breaktrace-command-\(getpid())-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  /// Runs a program to its end, with the given standard input; 20 s are the most.
  static func run(
    _ words: [String], as name: String = "breaktrace", program: String? = nil,
    in directory: URL? = nil, input: String = ""
  ) throws -> Outcome {
    let process = Process()
    // `exec -a` gives the name without a link in the file system.
    process.executableURL = URL(filePath: "/bin/bash")
    let target = program ?? path
    process.arguments = ["-c", "exec -a \(name) timeout -k 1 20 \"$0\" \"$@\"", target] + words
    if program == nil, name != "breaktrace" {
      // timeout would take the name: a link gives it instead.
      let link = try linked(name)
      process.arguments = ["-c", "exec timeout -k 1 20 \"$0\" \"$@\"", link] + words
    }
    process.currentDirectoryURL = directory ?? FileManager.default.temporaryDirectory
    let (output, error, stdin) = (Pipe(), Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    process.standardInput = stdin
    try start(process)
    try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? stdin.fileHandleForWriting.close()
    nonisolated(unsafe) var errors = Data()
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      errors = error.fileHandleForReading.readDataToEndOfFile()
      done.signal()
    }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    done.wait()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
      error: String(decoding: errors, as: UTF8.self))
  }

  /// Starts a process with no signal blocked: threads of a test may block all, and children inherit
  /// that.
  static func start(_ process: Process) throws {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  /// A link of another name to the executable.
  static func linked(_ name: String) throws -> String {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "breaktrace-names-\(getpid())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let link = directory.appending(path: name).path
    if !FileManager.default.fileExists(atPath: link) {
      try? FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    }
    return link
  }
}
