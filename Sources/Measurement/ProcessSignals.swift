internal import Glibc

/// What /proc reports of the signals that this process's threads block.
enum ProcessSignals {
  /// Whether each thread of the process blocks SIGALRM (`SigBlk` in /proc/self/task/N/status).
  static func allThreadsBlockAlarm() -> Bool {
    guard let directory = opendir("/proc/self/task") else { return false }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      guard let mask = blockedMask(task: name) else { continue }
      if mask & (1 << UInt64(SIGALRM - 1)) == 0 { return false }
    }
    return true
  }

  private static func blockedMask(task: String) -> UInt64? {
    guard let file = fopen("/proc/self/task/\(task)/status", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { buffer in
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
      if text.hasPrefix("SigBlk:") {
        return UInt64(text.dropFirst(7).filter { $0.isHexDigit }, radix: 16)
      }
    }
    return nil
  }
}
