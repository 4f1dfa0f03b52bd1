internal import CRealtime
internal import Glibc

/// Work on several cores at once, for stretches of milliseconds that nothing else waits in.
enum Parallel {
  private final class Box {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// How many threads are of use, 1...8: the CPUs that this thread may run on.
  static var cores: Int { min(mostThreads, max(1, allowed.count)) }

  private static let mostThreads = 8
  private static let stackSize = 8 << 20

  /// Does `body` for every element, on at most as many threads as there are cores, and waits for
  /// all.
  ///
  /// Each thread begins on a separate CPU: a scheduler that packs threads (a virtual machine's, a
  /// big.LITTLE one's) would leave them on one for all of the few milliseconds that they live.
  /// Afterwards it may move them.
  static func forEach<Element: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) -> Void
  ) {
    let places = allowed
    let workers = min(elements.count, mostThreads, max(1, places.count))
    guard workers > 1 else {
      for element in elements { body(element) }
      return
    }
    let work: @Sendable (Int) -> Void = { worker in
      for index in stride(from: worker, to: elements.count, by: workers) { body(elements[index]) }
    }
    let here = bt_getcpu()
    let others = places.filter { $0 != here }
    var threads: [pthread_t] = []
    for worker in 1..<workers {
      let thread = start(on: worker <= others.count ? others[worker - 1] : -1) {
        _ = bt_set_affinity(places, places.count)
        work(worker)
      }
      if let thread { threads.append(thread) } else { work(worker) }
    }
    work(0)
    for thread in threads { pthread_join(thread, nil) }
  }

  /// nil where the system refuses.
  private static func start(on cpu: Int32, _ body: @escaping () -> Void) -> pthread_t? {
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let error = bt_thread_start(
      &thread, stackSize, cpu,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    guard error == 0 else {
      box.release()
      return nil
    }
    return thread
  }

  /// The CPUs that this thread may run on.
  private static var allowed: [Int32] {
    var cpus = [Int32](repeating: 0, count: 256)
    let count = bt_get_affinity(&cpus, cpus.count)
    return Array(cpus.prefix(max(0, count)))
  }
}
