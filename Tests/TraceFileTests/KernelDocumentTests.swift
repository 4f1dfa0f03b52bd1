import Foundation
import RingBuffer
import Testing

@testable import TraceFile

/// The samples in the kernel's own documentation (Debian: package linux-doc; or set LINUX_DOC to a
/// `Documentation` directory).
struct KernelDocumentTests {
  static let files: [String] = {
    var roots = ProcessInfo.processInfo.environment["LINUX_DOC"].map { [$0] } ?? []
    let shared = "/usr/share/doc/"
    let packages = (try? FileManager.default.contentsOfDirectory(atPath: shared)) ?? []
    roots += packages.filter { $0.hasPrefix("linux-doc") }.map { shared + $0 + "/Documentation" }
    let names = ["ftrace", "hwlat_detector", "osnoise-tracer", "timerlat-tracer"]
    for root in roots {
      for ending in [".rst", ".rst.gz"] {
        let found = names.map { "\(root)/trace/\($0)\(ending)" }.filter {
          FileManager.default.fileExists(atPath: $0)
        }
        if !found.isEmpty { return found }
      }
    }
    return []
  }()

  /// The indented blocks after `::` that begin a trace, from its first comment on.
  private func samples(_ text: String) -> [String] {
    var samples: [String] = []
    var block: [Substring]?
    var lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.append("end")
    for line in lines {
      let isIndented = line.first == " " || line.first == "\t" || line.isEmpty
      if let lines = block, !isIndented {
        if let first = lines.firstIndex(where: { $0.contains("# tracer:") }) {
          samples.append(lines[first...].joined(separator: "\n") + "\n")
        }
        block = nil
      }
      if block != nil { block?.append(line) } else if line.hasSuffix("::") { block = [] }
    }
    return samples
  }

  @Test(.enabled(if: !files.isEmpty, "needs linux-doc or LINUX_DOC"))
  func `the samples are understood`() throws {
    var count = 0
    var events = 0
    for file in Self.files {
      let text =
        file.hasSuffix(".gz")
        ? try run(["gzip", "-dc", file]).output : try TraceFileTests.text(file)
      for sample in samples(text) {
        let read = FtraceTextReader.read(ByteStore(Array(sample.utf8)))
        count += 1
        events += read.sections.reduce(0) { $0 + $1.eventCount }
        // Prose that is indented as deep as the sample before it is not a trace.
        let bad = read.problems.filter { $0.text.contains("[0") || $0.text.contains("us :") }
        #expect(bad == [], "\(file): \(sample.prefix(200))")
        #expect(read.sections.allSatisfy { $0.eventCount > 0 })
        #expect(read.sections.allSatisfy { !$0.header.tracer.isEmpty })
      }
    }
    #expect(count >= 20)
    #expect(events > 250)
  }
}
