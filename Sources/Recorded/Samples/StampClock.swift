internal import TraceFile
internal import TraceModel

/// How the stamps in the pages of a file become the times that trace-cmd prints.
struct StampClock {
  private let cycles: CycleConversion?
  private let offset: Nanoseconds

  init(_ file: TraceDatFile?, clock: String) {
    cycles = clock == "x86-tsc" || clock == "tsc2nsec" ? file?.cycles : nil
    offset = file?.timeOffset ?? .zero
  }

  /// Whether stamps are times already.
  var isPlain: Bool { cycles == nil && offset == .zero }

  /// The time of a stamp.
  func time(_ stamp: Nanoseconds) -> Nanoseconds {
    var time = stamp
    if let cycles, stamp.count >= 0 {
      time = Nanoseconds(Int64(clamping: cycles.nanoseconds(UInt64(stamp.count))))
    }
    return time + offset
  }

  /// The stamp of a time, rounded.
  func stamp(_ time: Nanoseconds) -> Nanoseconds {
    let plain = time - offset
    guard let cycles, cycles.multiplier > 0 else { return plain }
    let start = Double((plain - Nanoseconds(Int64(clamping: cycles.offset))).count)
    var factor = 1.0
    for _ in 0..<min(cycles.shift, 63) { factor *= 2 }
    let value = (start * factor / Double(cycles.multiplier)).rounded()
    return Nanoseconds(value >= 9.2e18 ? .max : value <= -9.2e18 ? .min : Int64(value))
  }
}
