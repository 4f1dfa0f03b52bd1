internal import Glibc

/// The signals that a run answers itself: blocked before any thread is started, taken by the
/// control thread.
struct ControlSignals: ~Copyable {
  private var before = sigset_t()
  /// Whether somebody further out had them blocked before, and looks for them between runs.
  let isNested: Bool
  private var taken = sigset_t()

  /// Blocks SIGINT, SIGTERM, SIGHUP, SIGUSR1, and SIGPIPE (a closed reader must not leave tracing
  /// armed) and SIGALRM.
  init() {
    sigemptyset(&taken)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] { sigaddset(&taken, signal) }
    var blocked = taken
    sigaddset(&blocked, SIGPIPE)
    sigaddset(&blocked, SIGALRM)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    isNested = sigismember(&before, SIGTERM) == 1
  }

  /// A signal that is pending, nil where none is.
  mutating func pending() -> Int32? {
    var now = timespec()
    let signal = sigtimedwait(&taken, nil, &now)
    return signal > 0 ? signal : nil
  }

  deinit {
    // What came meanwhile and was answered must not end the process now.
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var now = timespec()
    sigtimedwait(&pipe, nil, &now)
    var mask = before
    pthread_sigmask(SIG_SETMASK, &mask, nil)
  }
}
