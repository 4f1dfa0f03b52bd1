import Foundation
import SystemPackage
import Testing

@testable import TraceFile

struct BundleTests {
  private func names(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  private func write(_ name: String, in parent: String) throws -> String {
    var writer = try BundleWriter(name: name, in: parent)
    try writer.add("report.txt", text: "one line\n")
    try writer.add("trace.dat") { (file, path) throws(TraceFileError) in
      try TraceDatWriter(SyntheticDat.trace()).write(to: file, path: path)
    }
    return try writer.finish()
  }

  @Test func `a bundle appears whole and sha256sum accepts it`() throws {
    let scratch = try Scratch()
    let path = try write("spike", in: scratch.path)
    #expect(path == scratch.file("spike"))
    #expect(try names(scratch.path) == ["spike"])
    #expect(try names(path) == ["SHA256SUMS", "report.txt", "trace.dat"])
    let check = try run(["sha256sum", "-c", "--strict", "SHA256SUMS"], in: path)
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    let bundle = try Bundle(path)
    #expect(bundle.files == ["report.txt", "trace.dat"])
    #expect(try bundle.text(of: "report.txt") == "one line\n")
    try bundle.verify()
    let file = try TraceDatReader.read(bundle.path(of: "trace.dat"))
    #expect(file.problems.isEmpty)
    #expect(try TraceFormat.detect(path) == .bundle)
  }

  @Test func `an existing bundle is never overwritten`() throws {
    let scratch = try Scratch()
    #expect(try write("spike", in: scratch.path) == scratch.file("spike"))
    #expect(try write("spike", in: scratch.path) == scratch.file("spike-2"))
    #expect(try write("spike", in: scratch.path) == scratch.file("spike-3"))
    _ = try scratch.write("other", [1])
    #expect(try write("other", in: scratch.path) == scratch.file("other-2"))
    #expect(try bytes(scratch.file("other")) == [1])
  }

  @Test func `a writer that is dropped leaves nothing`() throws {
    let scratch = try Scratch()
    do {
      var writer = try BundleWriter(name: "spike", in: scratch.path)
      try writer.add("a", text: "a")
      #expect(try names(scratch.path) == [".spike.tmp-\(getpid())"])
    }
    #expect(try names(scratch.path) == [])
    var writer = try BundleWriter(name: "spike", in: scratch.path)
    try writer.add("a", text: "a")
    for name in ["a", "../a", "SHA256SUMS", "", ".hidden"] {
      do {
        try writer.add(name, text: "again")
        Issue.record("\(name) was taken")
      } catch { #expect(error.operation == .create) }
    }
    _ = consume writer
    #expect(try names(scratch.path) == [])
  }

  @Test func `two writers of one name at the same time get two bundles`() throws {
    let scratch = try Scratch()
    var first = try BundleWriter(name: "spike", in: scratch.path)
    var second = try BundleWriter(name: "spike", in: scratch.path)
    try first.add("a", text: "1")
    try second.add("a", text: "2")
    let paths = [try second.finish(), try first.finish()]
    #expect(paths == [scratch.file("spike"), scratch.file("spike-2")])
    #expect(try text(paths[0] + "/a") == "2")
    #expect(try text(paths[1] + "/a") == "1")
  }

  @Test func `a changed file fails the check`() throws {
    let scratch = try Scratch()
    let path = try write("spike", in: scratch.path)
    _ = try scratch.write("spike/report.txt", Array("one lime\n".utf8))
    let error = #expect(throws: TraceFileError.self) { try Bundle(path).verify() }
    #expect(error?.path == path + "/report.txt")
    #expect(error?.operation == .verify)
    try FileManager.default.removeItem(atPath: path + "/report.txt")
    let missing = #expect(throws: TraceFileError.self) { try Bundle(path).verify() }
    #expect(missing?.errno == .noSuchFileOrDirectory)
  }

  @Test func `a directory that cannot be written is told with a hint`() throws {
    let error = #expect(throws: TraceFileError.self) {
      _ = try write("spike", in: "/proc/self/no-such")
    }
    #expect(error?.errno == .noSuchFileOrDirectory)
    #expect(error?.hint.isEmpty == false)
    #expect(throws: TraceFileError.self) { _ = try write("a/b", in: "/tmp") }
  }

  @Test(.enabled(if: getuid() == 0, "mounting a small tmpfs needs root"))
  func `a full disk leaves nothing and says what to do`() throws {
    let scratch = try Scratch()
    let mount = scratch.file("small")
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
    let made = try run(["mount", "-t", "tmpfs", "-o", "size=64k", "breaktrace-file", mount])
    try #require(made.status == 0, "\(made.errors)")
    defer { _ = try? run(["umount", mount]) }
    do {
      var writer = try BundleWriter(name: "spike", in: mount)
      try writer.add("small", text: "fits")
      try writer.add("big", bytes: [UInt8](repeating: 1, count: 1 << 20))
      Issue.record("1 MiB fits into 64 KiB")
    } catch {
      #expect(error.errno == .noSpace)
      #expect(error.operation == .write)
      #expect(error.hint.contains("free some space"))
    }
    #expect(try names(mount) == [])
  }

  @Test func `every prefix and every changed byte of the checksums is read or refused`() throws {
    let scratch = try Scratch()
    let digits = String(repeating: "9a", count: 32)
    let bytes = Array("\(digits)  report.txt\n\(digits) *trace.dat\n".utf8)
    var read = 0
    var refused = 0
    func attempt(_ bytes: [UInt8]) throws {
      _ = try scratch.write("SHA256SUMS", bytes)
      guard let bundle = try? Bundle(scratch.path) else {
        refused += 1
        return
      }
      read += 1
      // A name may not lead out of the directory.
      #expect(bundle.files.allSatisfy { !$0.contains("/") && $0 != ".." && !$0.isEmpty })
      _ = try? bundle.verify()
    }
    for index in bytes.indices {
      try attempt(Array(bytes[..<index]))
      for value in [0, 0x2f, 0x2e, 0x0a, 0x61, 0xff] as [UInt8] {
        var changed = bytes
        changed[index] = value
        try attempt(changed)
      }
    }
    #expect(read > 100 && refused > 100)
  }
}
