import Foundation
import Testing
import TraceModel

@testable import TraceFile

struct AbandonedBundlesTests {
  private func directory() throws -> String {
    let path = NSTemporaryDirectory() + "breaktrace-abandoned-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test(arguments: [
    (".breaktrace-x.tmp-12", Int32?(12)), (".breaktrace-x.tmp-12.2", 12), (".x.tmp-", nil),
    (".x.tmp--4", nil), (".x.tmp-0", nil), (".x.tmp-12.x", nil), (".x.tmp-12.1.2", nil),
    ("tmp-12", nil), (".tmp-12", nil), ("", nil), (".a.tmp-99999999999", nil),
  ])
  func `a temporary name tells its writer`(name: String, pid: Int32?) {
    #expect(AbandonedBundles.writer(of: name) == pid)
  }

  @Test func `a bundle that is being written is never removed, whoever its process is taken for`()
    throws
  {
    let path = try directory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var bundle = try BundleWriter(name: "b-1", in: path)
    try bundle.add("a", text: "x")
    let removed = AbandonedBundles.remove(in: path, prefix: "b-") { _, _ in true }
    #expect(removed.isEmpty)
    _ = try bundle.finish()
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["b-1"])
  }

  @Test func `symbolic links are not followed`() throws {
    let path = try directory()
    let outside = try directory()
    defer {
      for each in [path, outside] { try? FileManager.default.removeItem(atPath: each) }
    }
    let files = FileManager.default
    try Data("keep".utf8).write(to: URL(fileURLWithPath: outside + "/keep"))
    try files.createSymbolicLink(
      atPath: path + "/.b-link.tmp-7", withDestinationPath: outside)
    try files.createDirectory(atPath: path + "/.b-2.tmp-7", withIntermediateDirectories: false)
    try files.createSymbolicLink(
      atPath: path + "/.b-2.tmp-7/link", withDestinationPath: outside + "/keep")
    var asked: [Int32] = []
    let removed = AbandonedBundles.remove(in: path, prefix: "b-") { pid, changed in
      asked.append(pid)
      return changed > .zero
    }
    #expect(removed == [path + "/.b-2.tmp-7"] && asked == [7])
    #expect(files.fileExists(atPath: outside + "/keep"))
    #expect(try files.contentsOfDirectory(atPath: path) == [".b-link.tmp-7"])
  }

  @Test func `a directory in it keeps it`() throws {
    let path = try directory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(
      atPath: path + "/.b-3.tmp-7/inner", withIntermediateDirectories: true)
    #expect(AbandonedBundles.remove(in: path, prefix: "b-") { _, _ in true }.isEmpty)
    #expect(FileManager.default.fileExists(atPath: path + "/.b-3.tmp-7/inner"))
  }
}
