internal import CRealtime
internal import Glibc
internal import Synchronization
internal import SystemPackage
public import TraceModel

/// Page faults of one thread of this process that take as long as wanted: userfaultfd(2) protects
/// the pages of its stack while it sleeps, and the fault that it takes when it goes on is answered
/// late.
///
/// The kernel treats the thread like one that waits for a page from the disk, on every machine and
/// file system.
public final class PageHold: Sendable {
  /// What the thread that answers and the others share.
  private struct State {
    var entries: [FaultLog.Entry] = []
    var failure: String?
  }

  private let state = Mutex(State())
  private let isOver = Atomic<Bool>(false)
  private let thread = Mutex<pthread_t?>(nil)
  private let target: Int32
  private let busy: Nanoseconds
  private let period: Nanoseconds
  private let delay: Nanoseconds

  /// Prepares it; nothing happens yet.
  ///
  /// - Parameters:
  ///   - target: The thread's id.
  ///   - busy: How long a fault takes.
  ///   - period: How often there is one.
  ///   - delay: Before the first one.
  public init(target: Int32, busy: Nanoseconds, period: Nanoseconds, delay: Nanoseconds) {
    self.target = target
    self.busy = busy
    self.period = period
    self.delay = delay
  }

  /// Why this kernel offers no such faults, one clause; nil where it does.
  public static func obstacle() -> String? {
    let descriptor = bt_page_faults()
    guard descriptor < 0 else {
      close(descriptor)
      return nil
    }
    switch Errno(rawValue: errno) {
    case .noFunction:
      return "this kernel has no userfaultfd (CONFIG_USERFAULTFD), which withholds a page"
    case .invalidArgument:
      return
        "userfaultfd of this kernel cannot protect pages (x86 since Linux 5.7, arm64 since 6.10)"
    case let error:
      return "userfaultfd, which withholds a page, is refused (\(error)) by a security policy or a "
        + "container"
    }
  }

  /// Starts the thread that answers.
  public func start() {
    var handle = pthread_t()
    let error = bt_thread_start(
      &handle, 256 << 10, -1,
      { argument in
        guard let argument else { return nil }
        Unmanaged<PageHold>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard error == 0 else {
      Unmanaged.passUnretained(self).release()
      return fail("cannot start the thread that handles page faults", Errno(rawValue: error))
    }
    thread.withLock { $0 = handle }
  }

  /// Ends it, lets the thread go on that waits, and gives the faults that it took.
  public func stop() -> [FaultLog.Entry] {
    isOver.store(true, ordering: .releasing)
    let handle = thread.withLock { $0.take() }
    if let handle { pthread_join(handle, nil) }
    return state.withLock { $0.entries }
  }

  /// Why it could not be done, nil where it could.
  public var failure: String? { state.withLock { $0.failure } }

  private func fail(_ what: String, _ error: Errno) {
    state.withLock { $0.failure = $0.failure ?? "\(what): \(error)" }
  }

  private func body() {
    bt_set_name("bt-pages")
    let descriptor = bt_page_faults()
    guard descriptor >= 0 else { return fail("userfaultfd", Errno(rawValue: errno)) }
    // Closing it lets go whoever still waits.
    defer { close(descriptor) }
    var next = bt_clock(CLOCK_MONOTONIC) + delay.count
    var pages: (start: UInt, length: Int)?
    while !isOver.load(ordering: .acquiring) {
      guard bt_clock(CLOCK_MONOTONIC) >= next else {
        usleep(2_000)
        continue
      }
      next += period.count
      if pages == nil {
        // It sleeps most of the time: at the next look, if not now.
        guard let found = stack() else { continue }
        guard bt_page_faults_register(descriptor, found.start, found.length) == 0 else {
          return fail("cannot watch the stack of the measured thread", Errno(rawValue: errno))
        }
        pages = found
      }
      if let pages, let entry = hold(pages, descriptor) {
        state.withLock { $0.entries.append(entry) }
      }
    }
  }

  /// The two pages around the stack pointer of the sleeping thread: /proc/self/task/N/syscall has
  /// it before the last word. What it calls next writes below.
  private func stack() -> (start: UInt, length: Int)? {
    guard let text = ProcText.read("/proc/self/task/\(target)/syscall") else { return nil }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 9, words[7].hasPrefix("0x"),
      let pointer = UInt(words[7].dropFirst(2), radix: 16)
    else { return nil }
    let size = UInt(max(4_096, sysconf(Int32(_SC_PAGESIZE))))
    let page = pointer / size * size
    guard page > size else { return nil }
    return (page - size, Int(2 * size))
  }

  /// Protects the pages and answers the fault that follows after `busy`; nil where none came within
  /// 50 ms.
  private func hold(_ pages: (start: UInt, length: Int), _ descriptor: Int32) -> FaultLog.Entry? {
    guard bt_page_faults_protect(descriptor, pages.start, pages.length, 1) == 0 else {
      fail("cannot protect the stack of the measured thread", Errno(rawValue: errno))
      return nil
    }
    defer { _ = bt_page_faults_protect(descriptor, pages.start, pages.length, 0) }
    var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&look, 1, 50) > 0 else { return nil }
    let begin = bt_clock(CLOCK_MONOTONIC)
    let tid = bt_page_faults_taken(descriptor)
    guard tid != 0 else { return nil }
    usleep(UInt32(clamping: busy.count / 1_000))
    return FaultLog.Entry(
      TimeSpan(Nanoseconds(begin), Nanoseconds(bt_clock(CLOCK_MONOTONIC))), tid: tid)
  }
}
