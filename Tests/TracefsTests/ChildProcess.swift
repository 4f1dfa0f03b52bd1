import Glibc

@testable import Tracefs

/// A process that only sleeps, started by a test and killed by it.
final class ChildProcess {
  let pid: Int32
  let run: RunIdentity
  private var isReaped = false

  init() throws {
    var pid: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for word in words { free(word) } }
    let reason = posix_spawn(&pid, "/bin/sleep", nil, nil, &words, environ)
    try check { reason == 0 ? 0 : -1 }
    self.pid = pid
    run = try RunIdentity.of(pid: pid)
  }

  /// Kills it; it stays a zombie until `reap()`.
  func kill() {
    Glibc.kill(pid, SIGKILL)
    var info = siginfo_t()
    waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT)
  }

  func reap() {
    if !isReaped {
      var status: CInt = 0
      waitpid(pid, &status, 0)
    }
    isReaped = true
  }

  deinit {
    Glibc.kill(pid, SIGKILL)
    reap()
  }
}
