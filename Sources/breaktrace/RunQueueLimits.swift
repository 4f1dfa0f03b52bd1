import ArgumentParser

/// What `runq` and `run` take for their numbers.
enum RunQueueLimits {
  /// The shortest wait that `runq` shows, in us: that of runqslower.
  static let defaultThreshold: Int64 = 10_000

  /// Refuses a threshold in us or a buffer in KiB that is out of range.
  static func check(threshold: Int64, buffer: Int) throws {
    guard (0...1_000_000_000).contains(threshold) else {
      throw ValidationError("invalid argument for --threshold: expected 0 to 1000000000 us")
    }
    guard (64...(1 << 21)).contains(buffer) else {
      throw ValidationError("invalid argument for --buffer: expected 64 to 2097152 KiB")
    }
  }
}
