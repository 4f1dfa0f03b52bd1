import CRealtime
import Glibc
import TraceModel

/// CLOCK_MONOTONIC.
enum Monotonic {
  /// Its time now.
  static var now: Nanoseconds { Nanoseconds(bt_clock(CLOCK_MONOTONIC)) }
}
