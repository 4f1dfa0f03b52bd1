internal import CTracing
internal import Glibc
internal import SystemPackage

/// The sub-buffers of one CPU as the kernel shows them in memory (mmap(2) of `trace_pipe_raw`,
/// since Linux 6.10): nothing is copied or consumed, so the pages of a window are found without
/// reading those before it.
struct PageMapping: ~Copyable {
  private let base: UnsafeMutableRawPointer
  private let length: Int
  private let head: HeaderPage
  private let pageSize: Int
  /// Offsets of the pages with events in the mapping, and their stamps, oldest first.
  private(set) var pages: [(offset: Int, stamp: UInt64)] = []

  /// Maps the buffer of an open `trace_pipe_raw`; nil where the kernel does not do it. Writing must
  /// be stopped.
  init?(_ file: FileDescriptor, head: HeaderPage, pageSize: Int) {
    guard let meta = Self.meta(file), meta.pageSize == pageSize,
      let map = mmap(nil, meta.length, PROT_READ, MAP_SHARED, file.rawValue, 0), map != MAP_FAILED
    else { return nil }
    base = map
    length = meta.length
    self.head = head
    self.pageSize = pageSize
    for index in 0..<meta.count {
      let offset = meta.size + index * pageSize
      if commit(at: offset) > 0 {
        let stamp = base.loadUnaligned(fromByteOffset: offset + head.timestamp, as: UInt64.self)
        pages.append((offset, stamp))
      }
    }
    pages.sort { $0.stamp < $1.stamp }
  }

  deinit { munmap(base, length) }

  /// The head of the mapping, `struct trace_buffer_meta`.
  private static func meta(_ file: FileDescriptor)
    -> (size: Int, pageSize: Int, count: Int, length: Int)?
  {
    let size = sysconf(Int32(_SC_PAGESIZE))
    guard let map = mmap(nil, size, PROT_READ, MAP_SHARED, file.rawValue, 0), map != MAP_FAILED
    else { return nil }
    defer { munmap(map, size) }
    let words = (0..<4).map { Int(map.load(fromByteOffset: $0 * 4, as: UInt32.self)) }
    // meta_page_size, meta_struct_len, subbuf_size, nr_subbufs
    let (bytes, overflow) = words[2].multipliedReportingOverflow(by: words[3])
    guard !overflow, words[0] >= size, words[0] <= 1 << 20, words[2] > 0, bytes <= 1 << 40 else {
      return nil
    }
    return (words[0], words[2], words[3], words[0] + bytes)
  }

  /// The filled bytes of the page at `offset`; the flags in the upper bits are none of them.
  private func commit(at offset: Int) -> Int {
    let word = base.loadUnaligned(
      fromByteOffset: offset + head.commit, as: UInt32.self)
    return Int(word & 0xFF_FFFF)
  }

  /// Adds a page to `bytes`, with zeros after its events as read(2) gives it.
  func append(_ offset: Int, to bytes: inout [UInt8]) {
    let used = min(pageSize, head.data + commit(at: offset))
    bytes.append(contentsOf: UnsafeRawBufferPointer(start: base + offset, count: used))
    bytes.append(contentsOf: repeatElement(0, count: pageSize - used))
  }
}
