import Foundation
import Testing

/// What `breaktrace doctor` says of this kernel, checked against the kernel.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct DoctorTests {
  private struct Record: Decodable {
    struct Row: Decodable {
      var `class`: String
      var sight: String
      var change: String?
      var decided_by: String
      var has_rule: Bool
    }
    struct Facility: Decodable {
      var name: String
      var state: String
      var reason: String?
    }
    struct Tracing: Decodable {
      var tracefs: String?
      var tracers: [Facility]
      var features: [Facility]
    }
    struct Clock: Decodable {
      var resolution_ns: Int64
      var reading_cost_ns: Int64
    }
    struct Setting: Decodable {
      var name: String
      var value: String
      var state: String
    }
    var schema: Int
    var classes: [Row]
    var tracing: Tracing
    var settings: [Setting]
    var clock: Clock
  }

  private func doctor() throws -> Record {
    let command = try Command(["doctor", "--format", "json"])
    #expect(command.status == 0, "\(command.errors)")
    return try JSONDecoder().decode(Record.self, from: Data(command.output.utf8))
  }

  /// The classes that CulpritTests injects here and expects to be named, with the least word.
  ///
  /// A machine that is a guest may pause within the cause: proven there is the most that a class
  /// can get.
  private static let injected = [
    "higher-priority-task", "same-priority-task", "rt-throttling", "run-queue", "page-fault",
  ]

  @Test func `what live tests name by injection is called proven`() throws {
    let record = try doctor()
    #expect(record.classes.count == 47)
    for name in Self.injected {
      let row = try #require(record.classes.first { $0.class == name })
      #expect(row.sight == "proven", "\(name)")
      #expect(row.has_rule, "\(name)")
    }
  }

  @Test func `a class that is called not possible is never the verdict here`() throws {
    let record = try doctor()
    let absent = Set(record.classes.filter { $0.sight == "absent" }.map(\.class))
    for _ in 1...5 {
      let directory = TemporaryDirectory()
      let command = try Command([
        "-q", "-t", "1", "-p", "80", "-i", "500", "-D", "10", "-b", "5", "--format", "json",
        "--output", directory.path,
      ])
      let report = try ReportFile(command.output)
      for cause in [report.spike.culprit] + report.spike.contributors {
        #expect(!absent.contains(cause.class), "\(cause.class)")
        let row = try #require(record.classes.first { $0.class == cause.class })
        // What can only be suspected is never said to be proven.
        if row.sight == "suspected" { #expect(cause.confidence != "proven", "\(cause.class)") }
      }
    }
  }

  @Test func `tracers are called what setting them shows`() throws {
    let record = try doctor()
    let root = "/sys/kernel/tracing"
    let listed = Set(
      Machine.text("\(root)/available_tracers").split(whereSeparator: \.isWhitespace).map(
        String.init))
    let instance = "\(root)/instances/doc-tracers-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: instance, withIntermediateDirectories: false)
    defer { rmdir(instance) }
    for tracer in record.tracing.tracers where tracer.state != "in-use" {
      guard listed.contains(tracer.name) else {
        #expect(tracer.state == "missing", "\(tracer.name)")
        #expect(tracer.reason?.contains("CONFIG_") ?? false, "\(tracer.name)")
        continue
      }
      if tracer.state == "untried" { continue }
      let file = fopen("\(instance)/current_tracer", "w")
      fputs(tracer.name, file)
      let worked = fclose(file) == 0
      #expect(tracer.state == (worked ? "works" : "refused"), "\(tracer.name)")
    }
  }

  @Test func `missing files of tracefs are called missing`() throws {
    let record = try doctor()
    for name in ["snapshot", "synthetic_events", "kprobe_events", "buffer_subbuf_size_kb"] {
      let feature = try #require(record.tracing.features.first { $0.name == name })
      let isThere = access("/sys/kernel/tracing/\(name)", F_OK) == 0
      #expect(feature.state == (isThere ? "works" : "missing"), "\(name)")
    }
  }

  @Test func `resolution is what clock_getres tells`() throws {
    let record = try doctor()
    var time = timespec()
    clock_getres(CLOCK_MONOTONIC, &time)
    #expect(record.clock.resolution_ns == Int64(time.tv_nsec))
    #expect(record.clock.reading_cost_ns > 0)
  }

  @Test func `without privilege it says what it lacks and proves nothing`() throws {
    let command = try Command(
      ["--reuid=65534", "--regid=65534", "--clear-groups", Command.executable, "doctor"],
      executable: "/usr/bin/setpriv")
    #expect(command.status == 3, "\(command.output)\(command.errors)")
    #expect(command.output.contains("root"))
    #expect(!command.output.contains("What can be proven"))
    #expect(command.output.contains("What cannot be detected"))
  }

  @Test func `nothing is changed`() throws {
    let before = try TracefsSnapshot.take()
    _ = try doctor()
    #expect(try TracefsSnapshot.take() == before)
  }
}
