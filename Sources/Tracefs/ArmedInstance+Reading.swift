internal import CTracing
internal import Glibc
internal import SystemPackage

/// The text of one event's `format` file.
public struct EventFormatText: Hashable, Sendable {
  /// The event.
  public var event: EventName
  /// The file's whole text.
  public var text: String

  /// Memberwise.
  public init(event: EventName, text: String) {
    self.event = event
    self.text = text
  }
}

extension ArmedInstance {
  /// The CPUs that have a buffer, ascending: the directories of `per_cpu`.
  public func cpus() throws(TracefsError) -> [Int] {
    try files.list(file("per_cpu")).compactMap { name in
      name.hasPrefix("cpu") ? Int(name.dropFirst(3)) : nil
    }.sorted()
  }

  /// The counters of a CPU's buffer.
  public func statistics(cpu: Int) throws(TracefsError) -> CPUBufferStatistics {
    CPUBufferStatistics(cpu: cpu, text: try files.text(file("per_cpu/cpu\(cpu)/stats")))
  }

  /// The counters of all CPUs' buffers, ascending by CPU.
  public func statistics() throws(TracefsError) -> [CPUBufferStatistics] {
    var all: [CPUBufferStatistics] = []
    for cpu in try cpus() { all.append(try statistics(cpu: cpu)) }
    return all
  }

  /// Where the raw pages of a CPU are read.
  public func rawPagesPath(cpu: Int) -> String { file("per_cpu/cpu\(cpu)/trace_pipe_raw") }

  /// The bytes of one sub-buffer page, as `buffer_subbuf_size_kb` or `header_page` reports.
  public func pageSize() throws(TracefsError) -> Int {
    let path = file("buffer_subbuf_size_kb")
    if files.exists(path), let kilobytes = Int(try files.value(path)), kilobytes > 0,
      kilobytes <= 1 << 16
    {
      return kilobytes * 1_024
    }
    return HeaderPage(try headerPage())?.size ?? sysconf(Int32(_SC_PAGESIZE))
  }

  /// Reads the pages of a CPU out of its buffer, oldest first, as the kernel gives them; they are
  /// gone from it then.
  ///
  /// The last page is the one being filled, with zeros after its events. Does not wait for new
  /// ones. Tracing should be stopped, else reading follows the writer.
  ///
  /// - Parameters:
  ///   - cpu: The CPU.
  ///   - bytes: Grows by the pages.
  ///   - limit: The most pages to read.
  ///   - isSpare: Whether the spare buffer is read, which may be done while the other one records.
  /// - Returns: the number of pages.
  @discardableResult public func appendPages(
    cpu: Int, to bytes: inout [UInt8], limit: Int = .max, isSpare: Bool = false
  ) throws(TracefsError) -> Int {
    let size = try pageSize()
    let path = isSpare ? sparePagesPath(cpu: cpu) : rawPagesPath(cpu: cpu)
    let pipe = try files.open(path, .readOnly, options: .nonBlocking)
    defer { try? pipe.close() }
    let start = bytes.count
    var pages = 0
    while pages < limit {
      let chunk = min(64, limit - pages)
      let end = start + pages * size
      bytes.append(contentsOf: repeatElement(0, count: end + chunk * size - bytes.count))
      let got = try readPages(
        pipe, path, count: chunk, size: size, into: &bytes, at: end)
      pages += got
      if got < chunk { break }
    }
    bytes.removeLast(bytes.count - start - pages * size)
    return pages
  }

  private func readPages(
    _ pipe: FileDescriptor, _ path: String, count: Int, size: Int, into bytes: inout [UInt8],
    at offset: Int
  ) throws(TracefsError) -> Int {
    try files.input(FileAccess(.read, path: path)) {
      try bytes.withUnsafeMutableBytes { buffer in
        for page in 0..<count {
          let low = offset + page * size
          do {
            let got = try pipe.read(
              into: UnsafeMutableRawBufferPointer(rebasing: buffer[low..<low + size]))
            if got == 0 { return page }
          } catch Errno.resourceTemporarilyUnavailable {
            return page
          } catch Errno.operationNotSupportedByDevice {
            return page  // A CPU that was never online has no buffer.
          }
        }
        return count
      }
    }
  }

  /// The text of `events/header_page`.
  public func headerPage() throws(TracefsError) -> String {
    try files.text(root.file("events/header_page"))
  }

  /// The text of `events/header_event`.
  public func headerEvent() throws(TracefsError) -> String {
    try files.text(root.file("events/header_event"))
  }

  /// The texts of the `format` files of the events that are enabled or fire a trigger here, and of
  /// all of `ftrace`'s own.
  public func formats() throws(TracefsError) -> [EventFormatText] {
    var events = Set(
      items.filter { ($0.kind == .event || $0.kind == .trigger) && $0.error == nil }
        .compactMap { EventName($0.name) })
    for name in (try? files.list(root.file("events/ftrace"))) ?? [] {
      events.insert(EventName("ftrace", name))
    }
    var texts: [EventFormatText] = []
    for event in events.sorted() {
      let path = root.file("\(event.path)/format")
      // `enable` and `filter` are beside the directories of the events.
      if event.system == "ftrace" && !files.exists(path) { continue }
      texts.append(EventFormatText(event: event, text: try files.text(path)))
    }
    return texts
  }

  /// Names of tasks by pid: `saved_cmdlines`. The kernel keeps 128 by default and forgets the
  /// others.
  public func savedComms() throws(TracefsError) -> [Int32: String] {
    var comms: [Int32: String] = [:]
    for line in try files.text(root.file("saved_cmdlines")).split(separator: "\n") {
      guard let blank = line.firstIndex(of: " "), let pid = Int32(line[..<blank]) else { continue }
      let comm = String(line[line.index(after: blank)...])
      // The kernel's word for a name that it does not have.
      if comm != "<...>" { comms[pid] = comm }
    }
    return comms
  }

  /// The text of `printk_formats`.
  public func printkFormats() throws(TracefsError) -> String {
    try files.text(root.file("printk_formats"))
  }

  /// The text of `trace`: what a latency tracer left, as the kernel prints it.
  public func traceText() throws(TracefsError) -> String { try files.text(file("trace")) }
}

extension ArmedInstance {
  /// Sets a trace option of the instance, for reading its text in another format.
  public func setOption(_ name: String, _ isOn: Bool) throws(TracefsError) {
    try files.write(isOn ? "1" : "0", to: file("options/\(name)"))
  }
}
