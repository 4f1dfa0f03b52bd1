internal import Analysis
internal import CRealtime
internal import Glibc
internal import SystemPackage
internal import TraceModel

/// Watches the thread that reads the live buffers: how long between two reads, what it did
/// meanwhile, how fast they fill.
final class ReaderWatch {
  /// The reading thread's clocks at one moment.
  struct Moment {
    var time: Int64
    /// Time for which it wanted a CPU and had none, nil where the kernel does not count it.
    var waited: Int64?
    /// CPU time.
    var ran: Int64
  }

  private struct Buffer {
    /// End of the latest read; before the first one, when watching began.
    var left: Moment
    /// Since when it was not read to its end, nil where it was.
    var behindSince: Int64?
    /// Bytes that were lost since it was last empty.
    var lostBytes = 0.0
    /// The stretch over which the rate is taken: from one moment at which the buffer was empty to
    /// another.
    var windowStart: Int64
    var windowBytes = 0.0
  }

  private var buffers: [Buffer] = []
  private let bufferBytes: UInt64
  private var bytes = 0.0
  private var events = 0.0
  private(set) var pace = ReaderPace()
  /// Counts the time for which this thread waited for a CPU.
  private let statistics: FileDescriptor?
  /// A rate is not taken over less than that, because events come in bursts.
  private static let shortestWindow: Int64 = 50_000_000

  /// Watches the calling thread from now on; each buffer has `kilobytes` KiB.
  init(kilobytes: Int) {
    bufferBytes = UInt64(max(0, kilobytes)) * 1_024
    statistics = try? FileDescriptor.open("/proc/thread-self/schedstat", .readOnly)
    pace.priority = RaisedPriority.realtime()
  }

  deinit { try? statistics?.close() }

  /// Says how many buffers there are, none of which was read since `start`.
  func begin(buffers count: Int, since start: Moment) {
    buffers = Array(repeating: Buffer(left: start, windowStart: start.time), count: count)
  }

  func now() -> Moment {
    Moment(
      time: bt_clock(CLOCK_MONOTONIC), waited: waited(), ran: bt_clock(CLOCK_THREAD_CPUTIME_ID))
  }

  /// The second number of schedstat(5).
  private func waited() -> Int64? {
    guard let statistics else { return nil }
    return withUnsafeTemporaryAllocation(byteCount: 96, alignment: 1) { text -> Int64? in
      guard let count = try? statistics.read(fromAbsoluteOffset: 0, into: text) else { return nil }
      var numbers: (Int64, Int64) = (0, 0)
      var index = 0
      for byte in text[..<count] {
        if byte == UInt8(ascii: " ") {
          index += 1
        } else if byte >= 0x30, byte <= 0x39, index == 1 {
          numbers.1 = numbers.1 &* 10 &+ Int64(byte - 0x30)
        } else if byte >= 0x30, byte <= 0x39, index == 0 {
          numbers.0 |= Int64(byte - 0x30)
        }
      }
      // Kernels that do not count show zeros, also for the time that the thread ran.
      return index >= 2 && numbers.0 > 0 ? numbers.1 : nil
    }
  }

  /// Notes a read of a buffer.
  ///
  /// - Parameters:
  ///   - index: The buffer.
  ///   - begin: When it began.
  ///   - bytes: What was read.
  ///   - events: Events in it.
  ///   - lost: Events that were lost before or in it, 0 where the number is not known; nil for no
  ///     loss.
  ///   - isEmptied: Whether all was read.
  func read(
    _ index: Int, since begin: Moment, bytes: Int, events: Int, lost: UInt64?, isEmptied: Bool
  ) {
    let end = now()
    self.bytes += Double(bytes)
    self.events += Double(events)
    var buffer = buffers[index]
    let lostBytes = Double(lost ?? 0) * (self.events > 0 ? self.bytes / self.events : 64)
    buffer.lostBytes += lostBytes
    if lost != nil {
      let left = buffer.left
      let gap = ReaderPace.Gap(
        length: Nanoseconds(begin.time - left.time),
        waited: begin.waited.flatMap { now in left.waited.map { Nanoseconds(now - $0) } },
        ran: Nanoseconds(begin.ran - left.ran))
      if gap.length > pace.gap?.length ?? Nanoseconds(-1) { pace.gap = gap }
      pace.backlog = max(pace.backlog, bufferBytes + UInt64(buffer.lostBytes))
    }
    buffer.windowBytes += Double(bytes) + lostBytes
    let window = end.time - buffer.windowStart
    if isEmptied, window >= Self.shortestWindow {
      pace.peakRate = max(pace.peakRate, buffer.windowBytes * 1e9 / Double(window))
      buffer.windowStart = end.time
      buffer.windowBytes = 0
    }
    if isEmptied {
      if let since = buffer.behindSince {
        pace.behind = max(pace.behind, Nanoseconds(end.time - since))
      }
      buffer.behindSince = nil
      buffer.lostBytes = 0
    } else if buffer.behindSince == nil {
      buffer.behindSince = begin.time
    } else if let since = buffer.behindSince {
      pace.behind = max(pace.behind, Nanoseconds(end.time - since))
    }
    buffer.left = end
    buffers[index] = buffer
  }
}
