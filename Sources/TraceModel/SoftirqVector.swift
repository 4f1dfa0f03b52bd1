/// The softirq vectors of include/linux/interrupt.h.
public enum SoftirqVector: UInt32, CaseIterable, Sendable {
  case hi, timer, netTx, netRx, block, irqPoll, tasklet, sched, hrtimer, rcu

  /// The vector's name as softirq events print it.
  public var name: String {
    switch self {
    case .hi: "HI"
    case .timer: "TIMER"
    case .netTx: "NET_TX"
    case .netRx: "NET_RX"
    case .block: "BLOCK"
    case .irqPoll: "IRQ_POLL"
    case .tasklet: "TASKLET"
    case .sched: "SCHED"
    case .hrtimer: "HRTIMER"
    case .rcu: "RCU"
    }
  }

  /// The name of any vector number, `vec N` for one that is not known.
  public static func name(of number: UInt32) -> String {
    SoftirqVector(rawValue: number)?.name ?? "vec \(number)"
  }
}
