internal import TraceModel
internal import Tracefs

/// The size of buffer to ask for where one did not reach back to the window's start.
enum BufferAdvice {
  /// KiB a CPU that hold the window twice at the pace at which the fullest CPU was filled; nil
  /// where all buffers reached back, or where they do not report their pace.
  ///
  /// - Parameters:
  ///   - window: The window, on the trace clock.
  ///   - statistics: The counters of all CPUs, taken before anything was read.
  static func kilobytes(for window: TimeSpan, filled statistics: [CPUBufferStatistics]) -> Int? {
    var wanted: Double = 0
    for cpu in statistics {
      // A buffer that never overwrote holds all there was.
      guard cpu.overrun > 0, let oldest = cpu.oldestEvent, oldest > window.start else { continue }
      // What is left covers this much time; only the mark may be left.
      let held = max(1_000, (window.end - oldest).count)
      let pace = Double(cpu.bytes) / Double(held)
      wanted = max(wanted, pace * Double(window.length.count) * 2)
    }
    guard wanted > 0 else { return nil }
    // A power of two is easily remembered; more than 16 GiB is not recommended.
    var kilobytes = 64
    while Double(kilobytes) * 1_024 < wanted, kilobytes < 1 << 24 { kilobytes *= 2 }
    return kilobytes
  }
}
