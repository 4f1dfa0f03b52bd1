internal import TraceModel

/// The meaning of the flag characters between CPU and time of an ftrace line.
///
/// Kernel: `trace_print_lat_fmt()`; four columns up to 5.x, five since, up to eight with the
/// real-time patches. Dovetail's kernels (Xenomai, EVL) print `d` where the in-band stage is
/// stalled, `#` where interrupts are disabled in the CPU, `*` for both, and `~` where the
/// out-of-band stage runs.
struct FlagColumns {
  enum Column { case irqs, resched, lazyResched, context, preempt, lazyPreempt, migrate, other }

  /// The order that the legend gives, where there was one.
  private var legend: [Column] = []

  init() {}

  init(legend names: [String]) {
    legend = names.compactMap { name in
      switch name {
      case "irqs-off", "irqs-off/BH-disabled": .irqs
      case "need-resched": .resched
      case "need-resched-lazy", "need-resched_lazy": .lazyResched
      case "hardirq/softirq": .context
      case "preempt-depth": .preempt
      case "preempt-lazy-depth": .lazyPreempt
      case "migrate-disable": .migrate
      case "CPU#", "delay": nil
      default: .other
      }
    }
  }

  private static let four: [Column] = [.irqs, .resched, .context, .preempt]
  private static let five = four + [.migrate]
  private static let six: [Column] = [
    .irqs, .resched, .lazyResched, .context, .preempt, .lazyPreempt,
  ]
  private static let seven = six + [.migrate]
  private static let eight = seven + [.other]

  /// Whether a byte can be a flag.
  @inline(__always) static func isFlag(_ byte: UInt8) -> Bool {
    if byte == 46 || byte &- 48 < 10 || byte &- 97 < 6 { return true }
    switch byte {
    case 68, 88, 98, 78, 110, 112, 66, 76, 108, 90, 122, 72, 104, 115, 83, 35, 42, 126: return true
    default: return false
    }
  }

  /// Whether the flags are of a kernel with an interrupt pipeline (Dovetail).
  static func isPipelined(_ range: Range<Int>, _ bytes: RawSpan) -> Bool {
    range.contains { bytes.byte($0) == 126 } || bytes.byte(range.lowerBound) == 42
      || bytes.byte(range.lowerBound) == 35
  }

  /// Whether the range holds 3 to 8 flags, the first one an irqs-off column.
  @inline(__always) static func isFlags(_ range: Range<Int>, _ bytes: RawSpan) -> Bool {
    guard range.count >= 4, range.count <= 8 else { return false }
    switch bytes.byte(range.lowerBound) {
    case 46, 100, 68, 98, 88, 42, 35: break
    default: return false
    }
    for index in range where !isFlag(bytes.byte(index)) { return false }
    return true
  }

  /// The context that the flags of a line mean.
  func context(_ range: Range<Int>, _ bytes: RawSpan) -> EventContext {
    var flags: UInt8 = 0
    var depth: UInt8 = 0
    let columns: [Column]
    if legend.count == range.count {
      columns = legend
    } else {
      switch range.count {
      case ...4: columns = Self.four
      case 5: columns = Self.five
      case 6: columns = Self.six
      case 7: columns = Self.seven
      default: columns = Self.eight
      }
    }
    typealias Bit = EventContext.Bit
    for (offset, column) in columns.enumerated() where offset < range.count {
      let byte = bytes.byte(range.lowerBound + offset)
      switch column {
      case .irqs:
        switch byte {
        case 68: flags |= Bit.irqsOff | Bit.bottomHalvesOff
        case 100, 42, 35: flags |= Bit.irqsOff
        case 98: flags |= Bit.bottomHalvesOff
        default: break
        }
      case .resched:
        switch byte {
        case 66: flags |= Bit.needResched | Bit.preemptResched | Bit.needReschedLazy
        case 78: flags |= Bit.needResched | Bit.preemptResched
        case 76: flags |= Bit.needReschedLazy | Bit.preemptResched
        case 98: flags |= Bit.needResched | Bit.needReschedLazy
        case 110: flags |= Bit.needResched
        case 112: flags |= Bit.preemptResched
        case 108: flags |= Bit.needReschedLazy
        default: break
        }
      case .lazyResched: if byte | 32 == 108 { flags |= Bit.needReschedLazy }
      case .context:
        switch byte {
        case 90: flags |= Bit.nmi | Bit.hardIRQ
        case 122: flags |= Bit.nmi
        case 72: flags |= Bit.hardIRQ | Bit.softIRQ
        case 104: flags |= Bit.hardIRQ
        case 115: flags |= Bit.softIRQ
        default: break
        }
      case .preempt: depth |= Self.digit(byte)
      case .migrate: depth |= Self.digit(byte) << 4
      case .lazyPreempt, .other: break
      }
    }
    return EventContext(flags: flags, preemptCount: depth)
  }

  private static func digit(_ byte: UInt8) -> UInt8 {
    if byte &- 48 < 10 { return byte &- 48 }
    let letter = (byte | 32) &- 97
    return letter < 6 ? letter + 10 : 0
  }
}
