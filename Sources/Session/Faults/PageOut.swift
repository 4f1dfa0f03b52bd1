internal import CRealtime
internal import Glibc
internal import SystemPackage

/// Evicts a process's mapped files from memory: process_madvise(2) with MADV_PAGEOUT.
enum PageOut {
  /// Evicts every mapping of a file in `process`; false where the kernel refuses.
  static func evict(process: Int32) -> Bool {
    guard let maps = ProcText.read("/proc/\(process)/maps") else { return false }
    let descriptor = bt_pidfd_open(process)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    for line in maps.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count >= 6, fields[5].hasPrefix("/") else { continue }
      let ends = fields[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
      guard ends.count == 2, ends[1] > ends[0] else { continue }
      _ = bt_process_pageout(descriptor, ends[0], Int(ends[1] - ends[0]))
    }
    return true
  }
}
