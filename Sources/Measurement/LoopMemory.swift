internal import Glibc

/// The memory of one loop: what every cycle touches and what only a break does lie in one page, so
/// that a break finds the page's address translated.
final class LoopMemory: @unchecked Sendable {
  /// The time that the kernel reads in every wait.
  let buffer: UnsafeMutablePointer<timespec>
  /// Where the marker's line is put together, `MarkerText.byteCount` bytes.
  let line: UnsafeMutableRawPointer
  private let bytes: UnsafeMutableRawPointer

  init() {
    let size = 2 * MarkerText.byteCount
    bytes = .allocate(byteCount: size, alignment: size)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    buffer = bytes.bindMemory(to: timespec.self, capacity: 1)
    line = bytes + MarkerText.byteCount
  }

  deinit { bytes.deallocate() }
}
