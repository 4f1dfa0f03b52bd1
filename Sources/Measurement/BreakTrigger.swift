internal import CRealtime
internal import Synchronization
internal import TraceModel

/// The break that the threads of an engine share: the first of them takes it.
struct BreakTrigger: ~Copyable {
  /// What the taking thread leaves for the reader.
  struct Record {
    var thread = 0
    var cpu: Int32 = 0
    var sequence: UInt64 = 0
    var expiry: Int64 = 0
    var wake: Int64 = 0
    var usageAtStart = bt_usage()
    var usage = bt_usage()
  }

  private enum State {
    static var armed: UInt32 { 0 }
    static var taken: UInt32 { 1 }
    static var published: UInt32 { 2 }
  }

  private let state = Atomic<UInt32>(0)
  private let record: UnsafeMutablePointer<Record>
  /// "0", as tracing_on wants it; after the record.
  private let zero: UnsafeMutablePointer<UInt8>
  private let descriptors: BreakDescriptors
  private let wake: Int32
  private let stop: UnsafeMutablePointer<Atomic<UInt32>>
  private let endsAtHit: Bool

  /// Makes an armed break; `stop` is the threads' stop word, `wake` the engine's eventfd. It keeps
  /// what was taken in the caller's memory at `place`, which has room for a `Record` and a byte.
  init(
    descriptors: BreakDescriptors, wake: Int32, stop: UnsafeMutablePointer<Atomic<UInt32>>,
    endsAtHit: Bool, record place: UnsafeMutableRawPointer
  ) {
    record = place.bindMemory(to: Record.self, capacity: 1)
    record.initialize(to: Record())
    zero = (place + MemoryLayout<Record>.stride).bindMemory(to: UInt8.self, capacity: 1)
    zero.initialize(to: UInt8(ascii: "0"))
    self.descriptors = descriptors
    self.wake = wake
    self.stop = stop
    self.endsAtHit = endsAtHit
  }

  /// Writes a first line of the thread to the marker: the kernel allocates and touches memory for
  /// it.
  @_noAllocation @_noLocks @inline(never)
  func rehearse(_ text: MarkerText) {
    if descriptors.marker >= 0 { text.writeReady(descriptors.marker) }
  }

  /// Takes the break unless another thread did: marker and tracing off. Gives whether it was taken;
  /// then `publish` must follow.
  ///
  /// The thread calls it before it does anything else with its sample, so that the trace ends as
  /// close after the sample as can be.
  @_noAllocation @_noLocks @inline(never)
  func take(
    thread: Int, text: MarkerText, sequence: UInt64, expiry: Int64, now: Int64
  ) -> Bool {
    let (won, _) = state.compareExchange(
      expected: State.armed, desired: State.taken, ordering: .acquiringAndReleasing)
    if !won { return false }
    let cpu = bt_cpu()
    if descriptors.marker >= 0 {
      let length = text.format(cpu: cpu, sequence: sequence, expiry: expiry, wake: now)
      _ = bt_write(descriptors.marker, text.line(length), length)
    }
    var index = 0
    while index < descriptors.tracingOnCount {
      _ = bt_write(descriptors.tracingOn[index], zero, 1)
      index &+= 1
    }
    record.pointee.thread = thread
    record.pointee.cpu = cpu
    record.pointee.sequence = sequence
    record.pointee.expiry = expiry
    record.pointee.wake = now
    return true
  }

  /// Lets the reader see what was taken, and wakes the session.
  @_noAllocation @_noLocks @inline(never)
  func publish(usageAtStart: bt_usage) {
    record.pointee.usageAtStart = usageAtStart
    record.pointee.usage = bt_thread_usage()
    if endsAtHit { stop.pointee.store(1, ordering: .relaxed) }
    state.store(State.published, ordering: .releasing)
    bt_eventfd_signal(descriptors.wake)
    bt_eventfd_signal(wake)
  }

  /// What the taking thread left, nil while no thread has taken the break.
  var published: Record? {
    state.load(ordering: .acquiring) == State.published ? record.pointee : nil
  }

  /// Arms the break again after a hit; false where there was none to clear.
  func rearm() -> Bool {
    let (done, _) = state.compareExchange(
      expected: State.published, desired: State.armed, ordering: .acquiringAndReleasing)
    return done
  }
}
