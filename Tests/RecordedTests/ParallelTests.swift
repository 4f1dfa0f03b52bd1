import CRealtime
import Synchronization
import Testing

@testable import Recorded

@Suite struct ParallelTests {
  private static func affinity() -> [Int32] {
    var cpus = [Int32](repeating: 0, count: 256)
    return Array(cpus.prefix(max(0, bt_get_affinity(&cpus, cpus.count))))
  }

  @Test(arguments: [0, 1, 2, 3, 100])
  func `every element is worked on once, by threads that may run everywhere`(count: Int) {
    let before = Self.affinity()
    let seen = Mutex<[Int: Int]>([:])
    let restricted = Mutex(0)
    Parallel.forEach(Array(0..<count)) { element in
      if Self.affinity() != before { restricted.withLock { $0 += 1 } }
      seen.withLock { $0[element, default: 0] += 1 }
    }
    #expect(seen.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 1) }))
    #expect(restricted.withLock { $0 } == 0)
    #expect(Self.affinity() == before)
  }
}
