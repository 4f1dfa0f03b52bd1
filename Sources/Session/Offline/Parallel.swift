internal import Glibc

/// Work on several cores at once, for stretches of milliseconds that nothing else waits in.
enum Parallel {
  private final class Box {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// How many threads are of use, 1...8.
  static var cores: Int { min(8, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Does `body` for every element, on at most as many threads as there are cores, and waits for all.
  static func forEach<Element: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) -> Void
  ) {
    let workers = min(elements.count, cores)
    guard workers > 1 else {
      for element in elements { body(element) }
      return
    }
    let work: @Sendable (Int) -> Void = { worker in
      for index in stride(from: worker, to: elements.count, by: workers) { body(elements[index]) }
    }
    var threads: [pthread_t] = []
    for worker in 1..<workers {
      let box = Unmanaged.passRetained(Box { work(worker) })
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
          return nil
        }, box.toOpaque())
      if status == 0 {
        threads.append(thread)
      } else {
        box.release()
        work(worker)
      }
    }
    work(0)
    for thread in threads { pthread_join(thread, nil) }
  }
}
