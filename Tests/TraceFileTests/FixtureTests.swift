import Captures
import Foundation
import Testing

@testable import TraceFile

/// The fixtures themselves: what the reader unpacks is what the program zstd unpacks.
struct FixtureTests {
  static let packed = Captures.files("captures") + Captures.files("inputs")

  @Test func `every packed fixture is unpacked as zstd does it`() throws {
    var seen = 0
    for name in Self.packed {
      let file = Captures.path(name) + ".zst"
      guard FileManager.default.fileExists(atPath: file) else { continue }
      let scratch = try Scratch()
      let result = try run(["zstd", "-q", "-d", "-o", scratch.file("x"), file])
      try #require(result.status == 0, "\(result.errors)")
      let wanted = FileManager.default.contents(atPath: scratch.file("x"))
      #expect(try Data(Captures.bytes(name)) == wanted, "\(name)")
      seen += 1
    }
    #expect(seen > 60)
  }

  @Test func `the fixtures are small`() throws {
    let sizes = try Self.packed.map { name in
      let packed = Captures.path(name) + ".zst"
      let path = FileManager.default.fileExists(atPath: packed) ? packed : Captures.path(name)
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      return try #require(size)
    }
    #expect(sizes.reduce(0, +) < 3_500_000)
  }
}
