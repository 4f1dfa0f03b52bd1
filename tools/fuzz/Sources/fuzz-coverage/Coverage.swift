import FuzzTargets
import Glibc

/// What every input needs; made at the first one. The environment selects the target, because
/// libFuzzer takes the command line for itself.
private let prepared: (target: Target, fixture: Fixture) = {
  let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = Target(rawValue: name) else {
    fatalError("FUZZ_TARGET is one of \(Target.allCases.map(\.rawValue).joined(separator: ", "))")
  }
  do {
    return (target, try Fixture(corpus: nil))
  } catch {
    fatalError("\(error)")
  }
}()

/// libFuzzer's callback.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  _ = prepared.target.check(bytes, prepared.fixture, depth: .all)
  return 0
}
