import Foundation
import Glibc

/// One run of the built program.
struct Command {
  var status: Int32
  var output: String
  var errors: String
  var pid: Int32

  /// The program under test: what BREAKTRACE_BINARY names, or the one that was built with the
  /// tests.
  static let executable: String = {
    if let path = ProcessInfo.processInfo.environment["BREAKTRACE_BINARY"] { return path }
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return root.appendingPathComponent(".build/debug/breaktrace").path
  }()

  /// Runs it to its end; `during` gets the running process.
  init(
    _ arguments: [String], executable: String = Command.executable,
    during: (Process) throws -> Void = { _ in }
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    let directory = TemporaryDirectory()
    let outputFile = directory.path + "/out"
    let errorFile = directory.path + "/err"
    _ = FileManager.default.createFile(atPath: outputFile, contents: nil)
    _ = FileManager.default.createFile(atPath: errorFile, contents: nil)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    try process.run()
    pid = process.processIdentifier
    try during(process)
    process.waitUntilExit()
    status =
      process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
    output = try String(contentsOfFile: outputFile, encoding: .utf8)
    errors = try String(contentsOfFile: errorFile, encoding: .utf8)
  }
}

/// A directory that goes away with the value.
final class TemporaryDirectory {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "breaktrace-live-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
