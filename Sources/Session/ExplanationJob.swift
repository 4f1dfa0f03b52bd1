internal import CRealtime
internal import Glibc
internal import Synchronization

/// Explains one spike and writes its bundle on a separate thread, so that the control thread can
/// take the next one meanwhile: measuring is blind from a hit until that has exchanged the buffers.
final class ExplanationJob: Sendable {
  /// The spike.
  let captured: CapturedSpike
  private let directory: String?
  private let outcome = Mutex<Result<CapturedSpike.Explained, SessionError>?>(nil)
  private let thread = Mutex<pthread_t?>(nil)
  /// The thread that does it, 0 before it runs.
  private let worker = Atomic<Int32>(0)

  /// Starts it; without a thread it is done when this returns.
  ///
  /// - Parameter directory: Where its bundle goes, nil for none.
  init(_ captured: CapturedSpike, directory: String?) {
    self.captured = captured
    self.directory = directory
    let own = Unmanaged.passRetained(self)
    var started = pthread_t()
    let status = pthread_create(
      &started, nil,
      { argument in
        if let argument {
          Unmanaged<ExplanationJob>.fromOpaque(argument).takeRetainedValue().work()
        }
        return nil
      }, own.toOpaque())
    if status == 0 {
      thread.withLock { $0 = started }
    } else {
      own.release()
      work()
    }
  }

  /// Whether waiting for it would take no time.
  var isDone: Bool { outcome.withLock { $0 != nil } }

  /// Waits for it.
  func wait() throws(SessionError) -> CapturedSpike.Explained {
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let running { pthread_join(running, nil) }
    return try (outcome.withLock { $0 } ?? explained()).get()
  }

  /// The id of the thread that does it or did it, nil before it runs.
  var tid: Int32? {
    let tid = worker.load(ordering: .relaxed)
    return tid > 0 ? tid : nil
  }

  private func work() {
    worker.store(bt_gettid(), ordering: .relaxed)
    let result = explained()
    outcome.withLock { $0 = result }
  }

  private func explained() -> Result<CapturedSpike.Explained, SessionError> {
    do throws(SessionError) {
      let report = try captured.explain()
      let bundle: String? =
        if let directory { try captured.bundle(report, in: directory) } else { nil }
      return .success(CapturedSpike.Explained(report: report, bundle: bundle))
    } catch {
      return .failure(error)
    }
  }
}
