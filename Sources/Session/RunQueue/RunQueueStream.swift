internal import Analysis
internal import CRealtime
internal import Glibc
internal import Recorded
internal import RingBuffer
internal import SystemPackage
internal import TraceModel
internal import Tracefs

/// Reads the pages of armed instances while tracing goes on, and gives their events in order of
/// time.
///
/// Memory is bounded: at most `roundPages` pages a buffer are read before their events are given
/// on.
final class RunQueueStream {
  private struct Source {
    var descriptor: FileDescriptor
    var cpu: Int32
    /// Which decoder: instances may have different events.
    var decoder: Int
  }

  /// 1 MiB a buffer: about 2 ms of work, in which nobody else gets this CPU.
  private static let roundPages = 256
  /// A writer that was interrupted between taking its stamp and ending its record lags by its
  /// interrupts.
  private static let slack: Int64 = 2_000_000

  private var sources: [Source] = []
  private var decoders: [RunQueueDecoder] = []
  private var merger = RunQueueMerger(buffers: 0)
  private let pageSize: Int
  private let buffer: UnsafeMutableRawBufferPointer
  /// Pages that could not be read to their end.
  private(set) var damagedPages = 0
  /// Bytes of events read.
  private(set) var bytes: UInt64 = 0
  private let watch: ReaderWatch

  /// How this thread kept up with the buffers.
  var pace: ReaderPace { watch.pace }

  /// Opens the instances' buffers of `kilobytes` KiB per CPU, to be read by the calling thread.
  init(
    _ instances: [ArmedInstance], kilobytes: Int, labels: LabelTable
  ) throws(SessionError) {
    watch = ReaderWatch(kilobytes: kilobytes)
    let begun = watch.now()
    let symbols = ProcText.read("/proc/kallsyms") ?? ""
    do throws(TracefsError) {
      pageSize = try instances.first?.pageSize() ?? 4_096
    } catch {
      throw .arming(error)
    }
    buffer = .allocate(byteCount: pageSize, alignment: 8)
    for instance in instances {
      do throws(TracefsError) {
        let decoder = try Self.decoder(instance, pageSize: pageSize, symbols: symbols)
        try open(instance)
        // Read now, not in the middle of the recording.
        _ = decoder.symbols.count
        decoders.append(RunQueueDecoder(decoder, labels: labels))
      } catch {
        throw .arming(error)
      }
    }
    merger = RunQueueMerger(buffers: sources.count)
    watch.begin(buffers: sources.count, since: begun)
  }

  private static func decoder(
    _ instance: ArmedInstance, pageSize: Int, symbols: String
  ) throws(TracefsError) -> TraceDecoder {
    let trace = RawTrace(
      pageSize: pageSize, headerPage: try instance.headerPage(),
      headerEvent: try instance.headerEvent(),
      formats: try instance.formats().map { FormatText(system: $0.event.system, text: $0.text) },
      symbols: symbols, clock: "mono", cpus: [])
    do throws(RingBufferError) {
      return try TraceDecoder(trace: trace)
    } catch {
      throw TracefsError(.read, path: "events/header_page", hint: "\(error)")
    }
  }

  private func open(_ instance: ArmedInstance) throws(TracefsError) {
    for cpu in try instance.cpus() {
      let path = instance.rawPagesPath(cpu: cpu)
      let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      if descriptor >= 0 {
        sources.append(
          Source(
            descriptor: FileDescriptor(rawValue: descriptor), cpu: Int32(cpu),
            decoder: decoders.count))
      } else if errno != ENODEV {
        // ENODEV: a CPU that was never online has no buffer.
        throw TracefsError(.read, path: path, errno: Errno(rawValue: errno))
      }
    }
  }

  deinit {
    close()
    buffer.deallocate()
  }

  /// Closes the buffers; an instance with an open one cannot be removed.
  func close() {
    for source in sources { try? source.descriptor.close() }
    sources.removeAll()
  }

  /// Waits until a buffer is half full or another descriptor is ready, at most `milliseconds` ms.
  func wait(milliseconds: Int32, or other: Int32 = -1) {
    var files = sources.map {
      pollfd(fd: $0.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    }
    files.append(pollfd(fd: other, events: Int16(POLLIN), revents: 0))
    // Ready as soon as the kernel's watermark (buffer_percent) is reached.
    _ = poll(&files, nfds_t(files.count), milliseconds)
  }

  /// Leaves the CPU to others for a moment where there is more to read.
  func pause() { _ = usleep(500) }

  /// Reads what is there and gives the events that cannot be overtaken any more; true where a
  /// buffer was not emptied.
  func round(isLast: Bool = false, _ body: (RunQueueEvent) -> Void) -> Bool {
    let begun = bt_clock(CLOCK_MONOTONIC)
    var safe = isLast ? Int64.max : begun - Self.slack
    var isBehind = false
    for index in sources.indices {
      if !read(index) {
        isBehind = true
        // Newer events of this buffer are still unread: the others must wait for them.
        if !isLast, let last = merger.queues[index].last?.time { safe = min(safe, last) }
      }
    }
    merger.drain(upTo: isBehind && isLast ? begun - Self.slack : safe, body)
    return isBehind
  }

  /// Reads a buffer until it is empty; false where the round's limit came first.
  private func read(_ index: Int) -> Bool {
    let source = sources[index]
    let begin = watch.now()
    let before = merger.queues[index].count
    var readBytes = 0
    var lost: UInt64?
    var isEmptied = false
    for _ in 0..<Self.roundPages {
      let count = (try? source.descriptor.read(into: buffer)) ?? 0
      guard count > 0 else {
        isEmptied = true
        break
      }
      let page = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
      readBytes += count
      let (mark, status) = decoders[source.decoder].decode(
        page.bytes, cpu: source.cpu, into: &merger.queues[index])
      if case .damaged = status { damagedPages += 1 }
      switch mark {
      case .none: break
      case .unknownCount: lost = lost ?? 0
      case .count(let number): lost = (lost ?? 0) &+ number
      }
    }
    bytes += UInt64(readBytes)
    watch.read(
      index, since: begin, bytes: readBytes, events: merger.queues[index].count - before,
      lost: lost, isEmptied: isEmptied)
    return isEmptied
  }
}
