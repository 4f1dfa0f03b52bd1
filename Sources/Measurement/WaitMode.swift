/// How a measuring thread waits for its next cycle.
public enum WaitMode: String, Hashable, Sendable, CaseIterable {
  /// clock_nanosleep(2) until an absolute time: cyclictest's default.
  case clockNanosleep
  /// clock_nanosleep(2) for the interval (`-r`): each cycle starts when the thread reads its clock.
  case relative
  /// nanosleep(2) for the interval (`-s`).
  case nanosleep
  /// setitimer(2) and SIGALRM (`-s -x`); one thread only, and SIGALRM blocked in the whole process.
  case itimer
  /// timer_create(2) with a signal to the thread (`-x`).
  case posixTimer

  /// Whether the thread waits for a signal instead of sleeping.
  var waitsForSignal: Bool { self == .itimer || self == .posixTimer }
}
