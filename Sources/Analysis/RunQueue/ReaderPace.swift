public import TraceModel

/// How the reader of live buffers kept up: what the advice after a loss is taken from.
public struct ReaderPace: Sendable, Equatable {
  /// The time between two reads of one buffer, and what the reader did meanwhile; the parts are at
  /// most as long together.
  public struct Gap: Sendable, Equatable {
    /// From the end of the one read to the begin of the next.
    public var length: Nanoseconds
    /// Wanted a CPU and had none; nil where the kernel does not count that.
    public var waited: Nanoseconds?
    /// Had a CPU: read other buffers, replayed, printed.
    public var ran: Nanoseconds

    /// Makes a gap; the parts are cut to what fits in.
    public init(length: Nanoseconds, waited: Nanoseconds?, ran: Nanoseconds) {
      self.length = length
      self.waited = waited.map { max(.zero, min($0, length)) }
      self.ran = max(.zero, min(ran, length - (self.waited ?? .zero)))
    }

    /// Slept until there was enough to read, or was blocked in writing its rows.
    public var slept: Nanoseconds { length - (waited ?? .zero) - ran }
  }

  /// What made events be lost.
  public enum Cause: Sendable, Equatable {
    /// The reader wanted a CPU and had none, for longer than it ran and for a tenth of the time at
    /// least.
    case starved
    /// It had one and was busy with the other buffers and with what it had read.
    case busy
    /// It slept, as it does until a buffer is half full, or whoever takes its output did not.
    case slept
  }

  /// The longest gap after which events were missing, nil where none was.
  public var gap: Gap?
  /// The highest rate at which one buffer was filled in bytes a second, what was lost included.
  public var peakRate = 0.0
  /// The most bytes that one buffer should have held at once: its own size and what was lost.
  public var backlog: UInt64 = 0
  /// The longest time in which one buffer was never read to its end.
  public var behind = Nanoseconds.zero
  /// The reader's real-time priority, 0 for none.
  public var priority: Int32 = 0

  /// Makes the pace of a reader that has not read yet.
  public init() {}

  /// What the gap was spent with, nil without one.
  ///
  /// Sleeping counts last: the reader sleeps until a buffer is half full, whatever happens then.
  public var cause: Cause? {
    guard let gap else { return nil }
    if let waited = gap.waited, waited >= gap.ran, waited.count >= gap.length.count / 10 {
      return .starved
    }
    return gap.ran >= gap.slept ? .busy : .slept
  }

  /// Buffer of each CPU in KiB that would have held what one of `kilobytes` lost, nil where nothing
  /// was lost.
  ///
  /// What comes in the longest gap at the highest rate, or what one buffer should have held where
  /// that is more; twice that, because the reader is woken at a half full buffer; up to a power of
  /// two.
  public func neededKilobytes(insteadOf kilobytes: Int) -> Int? {
    guard let gap else { return nil }
    let inGap = peakRate * Double(max(0, gap.length.count)) / 1e9
    let bytes = max(inGap, Double(backlog)) * 2
    var wanted = 64
    while wanted <= kilobytes || Double(wanted) * 1_024 < bytes, wanted < 1 << 21 { wanted *= 2 }
    return wanted
  }
}
