internal import CRealtime
internal import Glibc
public import SystemPackage
public import TraceModel

/// When a fault was really under way: memory that its process writes and this one reads.
///
/// What was written stays when the process is killed, and writing never waits for a reader.
public struct FaultLog: ~Copyable {
  /// A stretch of time in which the fault was under way, and the thread that made it.
  public struct Entry: Hashable, Sendable {
    /// CLOCK_MONOTONIC in ns.
    public var span: TimeSpan
    /// The thread id.
    public var tid: Int32

    /// Memberwise.
    public init(_ span: TimeSpan, tid: Int32) {
      self.span = span
      self.tid = tid
    }
  }

  /// The descriptor under which the child finds the memory.
  static let childDescriptor: Int32 = 3
  /// Entries that are kept, the latest ones.
  static let capacity = 2_048
  /// A count, then three words an entry: begin, end, thread; then what went wrong, as text that
  /// ends with 0.
  static let size = textStart + textCapacity
  /// Where the text begins, in bytes.
  static let textStart = (1 + 3 * capacity) * MemoryLayout<Int64>.size
  /// Bytes of the text with its 0.
  static let textCapacity = 512

  let descriptor: Int32
  private let words: UnsafeMutablePointer<Int64>

  /// Makes an empty log: memfd_create(2).
  public init() throws(Errno) {
    (descriptor, words) = try Self.make()
  }

  private static func make() throws(Errno) -> (Int32, UnsafeMutablePointer<Int64>) {
    let descriptor = bt_memory_file("breaktrace-fault")
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    guard ftruncate(descriptor, off_t(size)) == 0, let words = map(descriptor) else {
      let error = Errno(rawValue: errno)
      close(descriptor)
      throw error
    }
    return (descriptor, words)
  }

  deinit {
    munmap(words, Self.size)
    close(descriptor)
  }

  static func map(_ descriptor: Int32) -> UnsafeMutablePointer<Int64>? {
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != UnsafeMutableRawPointer(bitPattern: -1) else { return nil }
    return memory.bindMemory(to: Int64.self, capacity: size / MemoryLayout<Int64>.size)
  }

  /// Why the fault could not be made, nil where its process did not say so.
  public var complaint: String? {
    let bytes = UnsafeRawBufferPointer(
      start: UnsafeRawPointer(words) + Self.textStart, count: Self.textCapacity)
    let text = bytes.prefix { $0 != 0 }
    return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
  }

  /// What was written so far, oldest first.
  public func entries() -> [Entry] {
    let count = max(0, words[0])
    let first = max(0, count - Int64(Self.capacity))
    return (first..<count).map { number in
      let at = 1 + 3 * Int(number % Int64(Self.capacity))
      let begin = words[at]
      return Entry(
        TimeSpan(Nanoseconds(begin), Nanoseconds(max(begin, words[at + 1]))),
        tid: Int32(truncatingIfNeeded: words[at + 2]))
    }
  }
}
