internal import CRealtime
internal import Glibc

/// The child's side of a fault's log; without one it writes nowhere.
struct FaultLogWriter {
  private let words: UnsafeMutablePointer<Int64>?
  private var at = 1

  /// Writes to memory of `FaultLog.size` bytes.
  init(_ words: UnsafeMutablePointer<Int64>) { self.words = words }

  /// Maps the log that the parent passed on.
  init() {
    var status = stat()
    let isLog =
      fstat(FaultLog.childDescriptor, &status) == 0 && status.st_size == off_t(FaultLog.size)
    words = isLog ? FaultLog.map(FaultLog.childDescriptor) : nil
  }

  /// Reports why the fault cannot be made.
  func complain(_ text: String) {
    guard let words else { return }
    let place = UnsafeMutableRawPointer(words) + FaultLog.textStart
    for (offset, byte) in text.utf8.prefix(FaultLog.textCapacity - 1).enumerated() {
      place.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }
  }

  /// Begins a stretch.
  mutating func open(at time: Int64) {
    guard let words else { return }
    let count = words[0]
    at = 1 + 3 * Int(count % Int64(FaultLog.capacity))
    reopen(at: time)
    words[at + 2] = Int64(bt_gettid())
    words[0] = count + 1
  }

  /// Begins the last stretch anew.
  func reopen(at time: Int64) {
    words?[at] = time
    words?[at + 1] = time
  }

  /// Makes the last stretch longer.
  @inline(__always) func extend(to time: Int64) {
    words?[at + 1] = time
  }
}
