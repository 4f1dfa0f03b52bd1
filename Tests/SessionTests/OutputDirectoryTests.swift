import Foundation
import Testing
import TraceModel

@testable import Session

struct OutputDirectoryTests {
  private let now = Nanoseconds(Int64(Date().timeIntervalSince1970 * 1e9))

  @Test func `this process lives`() {
    #expect(!OutputDirectory.isDead(pid: getpid(), changed: now))
  }

  @Test func `a process that began behind the last change is another one of the same id`() {
    #expect(OutputDirectory.isDead(pid: getpid(), changed: now - Nanoseconds(86_400_000_000_000)))
  }

  @Test func `an id of nobody is dead`() {
    #expect(OutputDirectory.isDead(pid: .max, changed: now))
  }

  @Test func `what killed runs left is removed, everything else stays`() throws {
    let directory = NSTemporaryDirectory() + "breaktrace-output-\(UUID().uuidString)"
    let files = FileManager.default
    let names = [
      ".breaktrace-unknown-5us-cpu0.tmp-\(Int32.max)",
      ".breaktrace-irqs-off-9us-cpu1.tmp-\(getpid())",
      ".other.tmp-\(Int32.max)", "breaktrace-unknown-5us-cpu0", ".breaktrace-notes",
    ]
    for name in names {
      try files.createDirectory(
        atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)/report.txt"))
    }
    defer { try? files.removeItem(atPath: directory) }
    try OutputDirectory.prepare(directory)
    let left = try files.contentsOfDirectory(atPath: directory).sorted()
    #expect(left == names.dropFirst().sorted())
  }

  @Test func `a directory in which nothing can be made is refused before the run`() throws {
    let error = try #require(throws: SessionError.self) { try OutputDirectory.prepare("/proc") }
    #expect("\(error)".contains("/proc"))
    #expect("\(error)".contains("--output"))
  }
}
