internal import SystemPackage
public import TraceModel

/// How many pages of a CPU were given.
public struct PageSelection: Hashable, Sendable {
  /// Pages given.
  public var pages: Int
  /// Older pages left out.
  public var skipped: Int
  /// Whether the pages are gone from the buffer, the older ones too.
  public var isConsuming: Bool

  /// Memberwise.
  public init(pages: Int, skipped: Int, isConsuming: Bool) {
    self.pages = pages
    self.skipped = skipped
    self.isConsuming = isConsuming
  }
}

extension ArmedInstance {
  /// Gives the pages of a CPU that can hold events at or after a time: the last page that begins at
  /// or before it and all after it, oldest first.
  ///
  /// Where the kernel maps its buffers (Linux 6.10) the cost does not depend on the buffer's size
  /// and the buffer stays as it is (a page's count of bytes may then include the padding at its
  /// end); elsewhere the older pages are read and dropped, one at a time. Tracing must be stopped.
  ///
  /// - Parameters:
  ///   - cpu: The CPU.
  ///   - since: The time on the instance's clock, which must count ns.
  ///   - bytes: Grows by the pages, each `pageSize()` long.
  public func appendPages(
    cpu: Int, since: Nanoseconds, to bytes: inout [UInt8]
  ) throws(TracefsError) -> PageSelection {
    let size = try pageSize()
    guard let head = HeaderPage(try headerPage()), head.data <= size else {
      throw TracefsError(
        .read, path: root.file("events/header_page"), hint: "unknown format")
    }
    let start = UInt64(clamping: since.count)
    let path = rawPagesPath(cpu: cpu)
    let pipe = try files.open(path, .readOnly, options: .nonBlocking)
    defer { try? pipe.close() }
    if let mapping = PageMapping(pipe, head: head, pageSize: size) {
      let pages = mapping.pages
      let behind = pages.firstIndex { $0.stamp > start } ?? pages.count
      let first = max(0, behind - 1)
      bytes.reserveCapacity(bytes.count + (pages.count - first) * size)
      for page in pages[first...] { mapping.append(page.offset, to: &bytes) }
      return PageSelection(pages: pages.count - first, skipped: first, isConsuming: false)
    }
    return try readPages(pipe, path, since: start, head: head, size: size, into: &bytes)
  }

  /// Gives the pages of a CPU from `pagesBefore` pages before a time on, oldest first, and leaves
  /// the buffer as it is.
  ///
  /// The cost does not depend on the buffer's size. Tracing must be stopped.
  ///
  /// - Returns: nil where the kernel does not map its buffers (before Linux 6.10); nothing was read
  ///   then.
  public func appendMappedPages(
    cpu: Int, since: Nanoseconds, pagesBefore: Int, to bytes: inout [UInt8]
  ) throws(TracefsError) -> PageSelection? {
    let size = try pageSize()
    guard let head = HeaderPage(try headerPage()), head.data <= size else { return nil }
    let pipe = try files.open(rawPagesPath(cpu: cpu), .readOnly, options: .nonBlocking)
    defer { try? pipe.close() }
    let start = UInt64(clamping: since.count)
    if let window = PageWindow(pipe, head: head, pageSize: size),
      let selection = window.append(since: start, before: pagesBefore, to: &bytes)
    {
      return selection
    }
    guard let mapping = PageMapping(pipe, head: head, pageSize: size) else { return nil }
    let pages = mapping.pages
    let behind = pages.firstIndex { $0.stamp > start } ?? pages.count
    let first = max(0, behind - 1 - pagesBefore)
    bytes.reserveCapacity(bytes.count + (pages.count - first) * size)
    for page in pages[first...] { mapping.append(page.offset, to: &bytes) }
    return PageSelection(pages: pages.count - first, skipped: first, isConsuming: false)
  }

  /// The same by reading all pages; each page that begins at or before the time replaces those
  /// before it.
  private func readPages(
    _ pipe: FileDescriptor, _ path: String, since start: UInt64, head: HeaderPage, size: Int,
    into bytes: inout [UInt8]
  ) throws(TracefsError) -> PageSelection {
    let base = bytes.count
    var selection = PageSelection(pages: 0, skipped: 0, isConsuming: true)
    try files.input(FileAccess(.read, path: path)) {
      var page = [UInt8](repeating: 0, count: size)
      while true {
        do {
          if try page.withUnsafeMutableBytes({ try pipe.read(into: $0) }) == 0 { return }
        } catch Errno.resourceTemporarilyUnavailable {
          return
        } catch Errno.operationNotSupportedByDevice {
          return  // A CPU that was never online has no buffer.
        }
        let stamp = page.withUnsafeBytes {
          $0.loadUnaligned(fromByteOffset: head.timestamp, as: UInt64.self)
        }
        if stamp <= start && selection.pages > 0 {
          selection.skipped += selection.pages
          selection.pages = 0
          bytes.removeLast(bytes.count - base)
        }
        bytes.append(contentsOf: page)
        selection.pages += 1
      }
    }
    return selection
  }
}
