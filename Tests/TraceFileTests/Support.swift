import Foundation
import RingBuffer
import SystemPackage
import Testing

@testable import TraceFile

/// A program's result.
struct RunResult {
  var status: Int32
  var output: String
  var errors: String
}

/// Runs a program to its end, both streams kept.
func run(_ arguments: [String], in directory: String? = nil) throws -> RunResult {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
  let scratch = try Scratch()
  let (out, err) = (scratch.file("stdout"), scratch.file("stderr"))
  #expect(FileManager.default.createFile(atPath: out, contents: nil))
  #expect(FileManager.default.createFile(atPath: err, contents: nil))
  process.standardOutput = FileHandle(forWritingAtPath: out)
  process.standardError = FileHandle(forWritingAtPath: err)
  process.standardInput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return RunResult(
    status: process.terminationStatus, output: try text(out), errors: try text(err))
}

/// A file's text; what is not UTF-8 is replaced.
func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

/// A file's bytes, read to the end whatever size it claims (tracefs claims 0).
func bytes(_ path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY)
  try #require(file >= 0, "\(path)")
  defer { close(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(file, &chunk, chunk.count)
    if count <= 0 { return bytes }
    bytes += chunk[..<count]
  }
}

/// A directory that is removed with the value.
final class Scratch {
  let path: String

  init() throws {
    path =
      NSTemporaryDirectory() + "breaktrace-file-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file and gives its path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }
}

/// The program that defines the format of trace.dat.
enum TraceCmd {
  static let isThere = ["/usr/bin/trace-cmd", "/usr/local/bin/trace-cmd"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }
}

extension CPUPages {
  /// A copy of the pages' bytes.
  var copy: [UInt8] {
    store.withBytes(in: range) { bytes in (0..<bytes.byteCount).map { bytes.byte($0) } }
  }

  /// The SHA-256 of the pages' bytes.
  var sum: String {
    var hash = SHA256()
    store.withBytes(in: range) { hash.update($0) }
    return hash.finish()
  }
}
