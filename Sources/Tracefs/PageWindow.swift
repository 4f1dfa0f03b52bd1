internal import CTracing
internal import Glibc
internal import SystemPackage

/// The last sub-buffers of one CPU, mapped without those before them: the cost does not grow with
/// the buffer.
///
/// A kernel that maps its buffers (Linux 6.10) numbers them in order of time when a stopped buffer
/// is first mapped: 0 is the reader's, 1 the oldest of the others, and after the page that was
/// written last all are empty. That order is checked; where it does not hold, nothing is given and
/// `PageMapping` looks at all of them.
struct PageWindow: ~Copyable {
  private struct Page {
    var commit: Int
    var stamp: UInt64
  }

  private let file: FileDescriptor
  private let head: HeaderPage
  private let pageSize: Int
  /// Bytes before sub-buffer 0.
  private let metaSize: Int
  /// Sub-buffers, the reader's included.
  private let count: Int
  /// The mapped head of the buffer: as long as it is mapped the kernel keeps its numbers.
  private let meta: UnsafeMutableRawPointer

  /// Maps the head of the buffer of an open `trace_pipe_raw`; nil where the kernel does not do it.
  /// Writing must be stopped.
  init?(_ file: FileDescriptor, head: HeaderPage, pageSize: Int) {
    let size = sysconf(Int32(_SC_PAGESIZE))
    guard size > 0, pageSize % size == 0, head.timestamp + 8 <= size, head.commit + 4 <= size,
      let map = mmap(nil, size, PROT_READ, MAP_SHARED, file.rawValue, 0), map != MAP_FAILED
    else { return nil }
    let words = (0..<4).map { Int(map.load(fromByteOffset: $0 * 4, as: UInt32.self)) }
    // meta_page_size, meta_struct_len, subbuf_size, nr_subbufs
    guard words[0] >= size, words[0] <= 1 << 20, words[0] % size == 0, words[2] == pageSize,
      words[3] > 1, words[3] <= 1 << 28
    else {
      munmap(map, size)
      return nil
    }
    meta = map
    self.file = file
    self.head = head
    self.pageSize = pageSize
    metaSize = words[0]
    count = words[3]
  }

  deinit { munmap(meta, sysconf(Int32(_SC_PAGESIZE))) }

  /// Adds the last page that begins at or before `start`, `before` pages before it and all after
  /// it.
  ///
  /// nil where the pages are not in the order that is expected; nothing is added then.
  func append(since start: UInt64, before: Int, to bytes: inout [UInt8]) -> PageSelection? {
    guard let reader = page(0), let oldest = page(1) else { return nil }
    if oldest.commit == 0 {
      // Only what the reader's page may hold.
      return append(0..<(reader.commit > 0 ? 1 : 0), skipped: 0, to: &bytes)
    }
    guard let filled = firstIndex(2..<count, where: { $0.commit == 0 }),
      let newest = page(filled - 1), newest.stamp >= oldest.stamp,
      reader.commit == 0 || reader.stamp <= oldest.stamp,
      let behind = firstIndex(1..<filled, where: { $0.stamp > start })
    else { return nil }
    let lowest = reader.commit > 0 ? 0 : 1
    let first = max(lowest, behind - 1 - before)
    return append(first..<filled, skipped: first - lowest, to: &bytes)
  }

  private func append(_ range: Range<Int>, skipped: Int, to bytes: inout [UInt8]) -> PageSelection?
  {
    let length = range.count * pageSize
    guard length > 0 else { return PageSelection(pages: 0, skipped: 0, isConsuming: false) }
    guard
      let map = mmap(
        nil, length, PROT_READ, MAP_SHARED, file.rawValue,
        off_t(metaSize + range.lowerBound * pageSize)), map != MAP_FAILED
    else { return nil }
    defer { munmap(map, length) }
    let pages = (0..<range.count).map { read(map + $0 * pageSize) }
    guard pages.allSatisfy({ $0.commit > 0 }),
      zip(pages, pages.dropFirst()).allSatisfy({ $0.stamp <= $1.stamp })
    else { return nil }
    bytes.reserveCapacity(bytes.count + length)
    for (index, page) in pages.enumerated() {
      // With zeros after the events, as read(2) gives a page.
      let used = min(pageSize, head.data + page.commit)
      bytes.append(
        contentsOf: UnsafeRawBufferPointer(start: map + index * pageSize, count: used))
      bytes.append(contentsOf: repeatElement(0, count: pageSize - used))
    }
    return PageSelection(pages: range.count, skipped: skipped, isConsuming: false)
  }

  /// The first index in `range` whose page passes a test that all after it pass too; its end where
  /// none does; nil where a page cannot be mapped.
  private func firstIndex(_ range: Range<Int>, where test: (Page) -> Bool) -> Int? {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      guard let page = page(middle) else { return nil }
      if test(page) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Head of one page, nil where it cannot be mapped.
  private func page(_ index: Int) -> Page? {
    let size = sysconf(Int32(_SC_PAGESIZE))
    guard
      let map = mmap(
        nil, size, PROT_READ, MAP_SHARED, file.rawValue, off_t(metaSize + index * pageSize)),
      map != MAP_FAILED
    else { return nil }
    defer { munmap(map, size) }
    return read(map)
  }

  private func read(_ page: UnsafeMutableRawPointer) -> Page {
    // The flags in the upper bits are not bytes.
    let commit = page.loadUnaligned(fromByteOffset: head.commit, as: UInt32.self) & 0xFF_FFFF
    return Page(
      commit: Int(commit),
      stamp: page.loadUnaligned(fromByteOffset: head.timestamp, as: UInt64.self))
  }
}
