internal import CRealtime
internal import Glibc
internal import SystemPackage

/// A copy of this program in memory: pages of a file that another process maps too are not evicted,
/// so the process that evicts must not run from the same file.
struct ProgramCopy: ~Copyable {
  private let file: FileDescriptor

  /// Copies /proc/self/exe.
  init() throws(Errno) {
    file = try Self.copy()
  }

  private static func copy() throws(Errno) -> FileDescriptor {
    let descriptor = bt_memory_file("breaktrace")
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    let file = FileDescriptor(rawValue: descriptor)
    do {
      let program = try FileDescriptor.open("/proc/self/exe", .readOnly)
      try program.closeAfter {
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
          let count = try chunk.withUnsafeMutableBytes { try program.read(into: $0) }
          if count == 0 { return }
          try file.writeAll(chunk[..<count])
        }
      }
      return file
    } catch {
      try? file.close()
      throw error as? Errno ?? .ioError
    }
  }

  /// Its path, also for a child that has other descriptors under the same numbers.
  var path: String { "/proc/\(getpid())/fd/\(file.rawValue)" }

  deinit { try? file.close() }
}
