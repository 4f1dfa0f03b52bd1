internal import CRealtime
internal import Glibc
internal import TraceModel

/// A mutex with priority inheritance, and a thread that wants it whenever it is held.
final class LockOwner {
  /// What both threads share; it lives as long as the process.
  private struct Shared {
    var mutex = pthread_mutex_t()
    var wanted = sem_t()
    var cpu: Int32
    var priority: Int32
  }

  private let shared: UnsafeMutablePointer<Shared>

  /// Starts the thread that waits; nil where that is not possible.
  init?(_ fault: Fault) {
    shared = .allocate(capacity: 1)
    shared.initialize(to: Shared(cpu: Int32(fault.cpu ?? 0), priority: fault.priority))
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_setprotocol(&attributes, Int32(PTHREAD_PRIO_INHERIT))
    pthread_mutex_init(&shared.pointee.mutex, &attributes)
    sem_init(&shared.pointee.wanted, 0, 0)
    var thread = pthread_t()
    let error = bt_thread_start(
      &thread, 256 << 10, -1,
      { argument in
        guard let shared = argument?.assumingMemoryBound(to: Shared.self) else { return nil }
        bt_set_name("bt-waiter")
        bt_set_affinity(&shared.pointee.cpu, 1)
        bt_set_scheduler(SCHED_FIFO, shared.pointee.priority)
        while sem_wait(&shared.pointee.wanted) == 0 || errno == EINTR {
          pthread_mutex_lock(&shared.pointee.mutex)
          pthread_mutex_unlock(&shared.pointee.mutex)
        }
        return nil
      }, shared)
    guard error == 0 else {
      errno = error
      return nil
    }
  }

  /// Holds the mutex while `body` runs and the other thread wants it.
  func hold(_ body: () -> Void) {
    pthread_mutex_lock(&shared.pointee.mutex)
    // On the same CPU and more urgent, it runs at once and blocks: from then on this thread is
    // boosted.
    sem_post(&shared.pointee.wanted)
    body()
    pthread_mutex_unlock(&shared.pointee.mutex)
  }
}
