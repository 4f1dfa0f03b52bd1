public import RingBuffer
public import TraceModel

/// One ring buffer in a trace.dat file: the top one or a named instance.
public struct TraceDatBuffer: Sendable {
  /// The instance's name, empty for the top buffer.
  public var name: String
  /// Its pages, with the file's formats, names and symbols.
  public var trace: RawTrace

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(name: String = "", trace: RawTrace) {
    self.name = name
    self.trace = trace
  }
}

/// How stamps of the clock `x86-tsc` become nanoseconds (option TSC2NSEC).
public struct CycleConversion: Hashable, Sendable {
  /// Factor.
  public var multiplier: UInt32
  /// Bits to shift the product to the right, 0...63.
  public var shift: UInt32
  /// Nanoseconds to add.
  public var offset: UInt64

  /// Memberwise.
  public init(multiplier: UInt32, shift: UInt32, offset: UInt64) {
    self.multiplier = multiplier
    self.shift = shift
    self.offset = offset
  }

  /// The stamp of a cycle count.
  public func nanoseconds(_ cycles: UInt64) -> UInt64 {
    let (high, low) = cycles.multipliedFullWidth(by: UInt64(multiplier))
    let bits = UInt64(min(shift, 63))
    let product = bits == 0 ? low : low >> bits | high << (64 - bits)
    return product &+ offset
  }
}

/// A trace.dat file's content before the records are decoded.
public struct TraceDatFile: Sendable {
  /// 6 or 7.
  public var version: Int
  /// Name of the compression, empty for version 6, `none`, `zstd` or `zlib` for version 7.
  public var compression: String
  /// The buffers, the top one (empty name) first where the file has it.
  public var buffers: [TraceDatBuffer]
  /// The text of `trace_clock`, the chosen one in brackets; empty where the file does not report
  /// it.
  public var clockText: String
  /// `uname -a` of the traced machine, as far as trace-cmd keeps it.
  public var uname: String
  /// Name and version of the program that wrote the file.
  public var producer: String
  /// The texts of `per_cpu/cpuN/stats`, each beginning with a line `CPU: N`.
  public var cpuStatistics: [String]
  /// Number of CPUs of the machine, nil where the file does not report it.
  public var cpuCount: Int?
  /// The recording session's number, nil where the file has none.
  public var traceID: UInt64?
  /// To be added to every stamp (options DATE and OFFSET).
  public var timeOffset: Nanoseconds
  /// How cycle stamps become nanoseconds, nil where the file has no such option.
  public var cycles: CycleConversion?
  /// Whether the file holds a guest's time shift (option TIME_SHIFT), which is not applied here.
  public var hasTimeShift: Bool
  /// The text of `trace`, for a file that holds a latency tracer's text instead of pages.
  public var latencyText: String?
  /// One line of JSON that breaktrace keeps in its own files, nil in files of others.
  public var facts: String?
  /// What could not be read.
  public var problems: [TraceFileProblem]

  init(version: Int) {
    self.version = version
    compression = ""
    buffers = []
    clockText = ""
    uname = ""
    producer = ""
    cpuStatistics = []
    timeOffset = .zero
    hasTimeShift = false
    problems = []
  }

  /// The top buffer, or the first one where there is no top buffer with pages.
  public var mainBuffer: TraceDatBuffer? {
    buffers.first { buffer in buffer.trace.cpus.contains { !$0.range.isEmpty } } ?? buffers.first
  }

  /// The timeline with the file's clock conversion and offset applied to every stamp.
  public func corrected(_ timeline: Timeline) -> Timeline {
    let convert = timeline.clock == "x86-tsc" || timeline.clock == "tsc2nsec" ? cycles : nil
    guard convert != nil || timeOffset != .zero else { return timeline }
    func correct(_ time: Nanoseconds) -> Nanoseconds {
      var time = time
      if let convert, time.count >= 0 {
        time = Nanoseconds(
          Int64(clamping: convert.nanoseconds(UInt64(time.count))))
      }
      return time + timeOffset
    }
    var result = timeline
    for cpu in result.cpus.indices {
      for event in result.cpus[cpu].events.indices {
        result.cpus[cpu].events[event].time = correct(result.cpus[cpu].events[event].time)
      }
      for gap in result.cpus[cpu].gaps.indices {
        let span = result.cpus[cpu].gaps[gap].span
        result.cpus[cpu].gaps[gap].span = TimeSpan(correct(span.start), correct(span.end))
      }
      result.cpus[cpu].oldest = result.cpus[cpu].oldest.map(correct)
    }
    return result
  }
}
