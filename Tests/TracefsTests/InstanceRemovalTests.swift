import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Tracefs

struct InstanceRemovalTests {
  /// Files whose rmdir is refused with `errno`, `times` times; then somebody else has removed the
  /// directory.
  private func files(_ errno: Errno, times: Int, path: String) -> ControlFiles {
    let left = Mutex(times)
    return ControlFiles { access in
      guard access.operation == .removeDirectory else { return .proceed }
      return left.withLock { left in
        if left > 0 {
          left -= 1
          return .fail(errno)
        }
        rmdir(path)
        return .proceed
      }
    }
  }

  private func directory() throws -> String {
    let path = NSTemporaryDirectory() + "breaktrace-removal-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test(arguments: [Errno.operationNotSupportedByDevice, .resourceBusy])
  func `an instance that somebody else removes meanwhile is gone, and nothing is left`(
    errno: Errno
  ) throws {
    let path = try directory()
    let report = InstanceRemoval.remove(path, files: files(errno, times: 3, path: path))
    #expect(report.isClean && report.removedInstances.isEmpty)
  }

  @Test(arguments: [Errno.operationNotSupportedByDevice, .resourceBusy, .ioError])
  func `one that stays is told with its reason`(errno: Errno) throws {
    let path = try directory()
    defer { rmdir(path) }
    let report = InstanceRemoval.remove(
      path, patience: 20, files: files(errno, times: .max, path: path))
    #expect(report.leftovers.map(\.path) == [path])
  }
}
