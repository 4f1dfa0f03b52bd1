/// The context in which an event was written: `common_flags` and `common_preempt_count`.
///
/// Kernel: `enum trace_flag_type` in include/linux/trace_events.h.
public struct EventContext: Hashable, Sendable {
  /// `common_flags` as stored.
  public var flags: UInt8
  /// `common_preempt_count` as stored: low nibble preempt depth, high nibble migrate-disable depth.
  public var preemptCount: UInt8

  /// Makes a context from the two stored bytes.
  @inlinable public init(flags: UInt8, preemptCount: UInt8) {
    self.flags = flags
    self.preemptCount = preemptCount
  }

  /// Bits of `common_flags`.
  public enum Bit {
    /// TRACE_FLAG_IRQS_OFF
    public static let irqsOff: UInt8 = 0x01
    /// TRACE_FLAG_NEED_RESCHED_LAZY (TRACE_FLAG_IRQS_NOSUPPORT before 6.13)
    public static let needReschedLazy: UInt8 = 0x02
    /// TRACE_FLAG_NEED_RESCHED
    public static let needResched: UInt8 = 0x04
    /// TRACE_FLAG_HARDIRQ
    public static let hardIRQ: UInt8 = 0x08
    /// TRACE_FLAG_SOFTIRQ
    public static let softIRQ: UInt8 = 0x10
    /// TRACE_FLAG_PREEMPT_RESCHED
    public static let preemptResched: UInt8 = 0x20
    /// TRACE_FLAG_NMI
    public static let nmi: UInt8 = 0x40
    /// TRACE_FLAG_BH_OFF
    public static let bottomHalvesOff: UInt8 = 0x80
  }

  /// Whether hard interrupts were disabled.
  @inlinable public var irqsOff: Bool { flags & Bit.irqsOff != 0 }
  /// Whether the running task had been asked to reschedule (TIF_NEED_RESCHED; not the lazy one).
  @inlinable public var needResched: Bool { flags & Bit.needResched != 0 }
  /// Whether a lazy reschedule had been asked for.
  @inlinable public var needReschedLazy: Bool { flags & Bit.needReschedLazy != 0 }
  /// Whether the event was written in a hard interrupt handler.
  @inlinable public var inHardIRQ: Bool { flags & Bit.hardIRQ != 0 }
  /// Whether the event was written in a softirq (or in a hard interrupt on top of one).
  @inlinable public var inSoftIRQ: Bool { flags & Bit.softIRQ != 0 }
  /// Whether the event was written in an NMI.
  @inlinable public var inNMI: Bool { flags & Bit.nmi != 0 }
  /// Preempt-disable depth, 0...15.
  @inlinable public var preemptDepth: Int { Int(preemptCount & 0x0f) }
  /// Migrate-disable depth, 0...15.
  @inlinable public var migrateDisableDepth: Int { Int(preemptCount >> 4) }

  /// The five columns of ftrace's default format (6.1 and later): irqs, resched, context, preempt
  /// depth, migrate-disable depth. Kernel: `trace_print_lat_fmt()`.
  public var column: String {
    let irqs: Character =
      flags & (Bit.irqsOff | Bit.bottomHalvesOff) == (Bit.irqsOff | Bit.bottomHalvesOff)
      ? "D" : irqsOff ? "d" : flags & Bit.bottomHalvesOff != 0 ? "b" : "."
    let resched: Character
    switch flags & (Bit.needResched | Bit.preemptResched | Bit.needReschedLazy) {
    case Bit.needResched | Bit.preemptResched | Bit.needReschedLazy: resched = "B"
    case Bit.needResched | Bit.preemptResched: resched = "N"
    case Bit.needReschedLazy | Bit.preemptResched: resched = "L"
    case Bit.needResched | Bit.needReschedLazy: resched = "b"
    case Bit.needResched: resched = "n"
    case Bit.preemptResched: resched = "p"
    case Bit.needReschedLazy: resched = "l"
    default: resched = "."
    }
    let context: Character
    switch (inNMI, inHardIRQ, inSoftIRQ) {
    case (true, true, _): context = "Z"
    case (true, false, _): context = "z"
    case (false, true, true): context = "H"
    case (false, true, false): context = "h"
    case (false, false, true): context = "s"
    case (false, false, false): context = "."
    }
    func digit(_ depth: Int) -> Character {
      depth == 0 ? "." : Character(String(depth, radix: 16))
    }
    return String([irqs, resched, context, digit(preemptDepth), digit(migrateDisableDepth)])
  }
}
