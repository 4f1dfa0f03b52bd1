import RingBuffer
@testable import Recorded
import TraceFile
import TraceModel

/// What a search while reading gets: a question, and the pages of two CPUs.
struct StreamInput {
  /// Bytes before the pages: the question, and where the second CPU's pages begin.
  static let headSize = 2
  /// Kinds of questions.
  static let questions = 6

  var question: StreamSearch.Question
  /// Pages of a CPU that are read in one round.
  var roundPages: Int
  var cpus: [CPUPages]

  /// Reads the head; pages are cut at `pageSize`, the last one may be short.
  init(_ bytes: [UInt8], pageSize: Int) {
    let first = Int(bytes.first ?? 0)
    question = Self.question(first)
    roundPages = 1 + first / Self.questions % 3
    let pages = Array(bytes.dropFirst(Self.headSize))
    let count = (pages.count + pageSize - 1) / max(1, pageSize)
    let split = min(pages.count, Int(bytes.dropFirst().first ?? 0) % (count + 1) * pageSize)
    cpus = [Array(pages[..<split]), Array(pages[split...])].enumerated().map { cpu, some in
      CPUPages(cpu: cpu, store: Self.store(some))
    }
  }

  static func seed(question: Int, split: Int, _ pages: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: question), UInt8(truncatingIfNeeded: split)] + pages
  }

  static func question(_ number: Int) -> StreamSearch.Question {
    let task: TaskSelector? =
      switch number % questions {
      case 0, 1: nil
      case 2: .pid(0)
      case 3: .comm("swapper/0")
      case 4: .comm("a name of more than 8")
      default: .pid(21)
      }
    return StreamSearch.Question(
      task: task, threshold: number % 2 == 0 ? nil : Nanoseconds(1_000), limit: 1 + number % 5)
  }

  /// Bytes that can be read piece by piece, as those of a mapped file.
  static func store(_ bytes: [UInt8]) -> ByteStore {
    let base = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
    base.copyBytes(from: bytes)
    let start = UnsafeRawPointer(base.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 8)!)
    return ByteStore(
      unsafeBase: start, count: bytes.count,
      reading: { buffer, offset in
        guard offset >= 0, offset + buffer.count <= bytes.count else { return false }
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(start: start + offset, count: buffer.count))
        return true
      }, release: { pointer, _ in pointer.deallocate() })
  }
}

extension Target {
  /// The road of a search through a big file: pages with sound formats, or a whole trace.dat.
  static func stream(_ bytes: [UInt8], _ fixture: Fixture) -> Outcome {
    var outcome = Outcome()
    if bytes.starts(with: [0x17, 0x08, 0x44]) {
      guard let file = try? TraceDatReader.read(StreamInput.store(bytes), path: "input") else {
        outcome.isRefused = true
        return outcome
      }
      for buffer in file.buffers {
        var trace = buffer.trace
        // What was unpacked lies in memory; here it is read all the same.
        trace.cpus = trace.cpus.map { pages in
          pages.store.isReadable
            ? pages
            : CPUPages(
              cpu: pages.cpu,
              store: StreamInput.store(
                pages.store.withBytes(in: pages.range) { span in
                  span.withUnsafeBytes { Array($0) }
                }))
        }
        for number in 0..<3 {
          search(StreamInput.question(number * 2 + 1), trace, roundPages: 1 + number, &outcome)
        }
        // The road of `analyze`, with the index first for what is small.
        _ = try? PagedTrace(
          trace, clock: StampClock(file, clock: trace.clock), question: StreamInput.question(0))
      }
      return outcome
    }
    let input = StreamInput(bytes, pageSize: fixture.trace.pageSize)
    var trace = fixture.trace
    trace.cpus = input.cpus
    search(input.question, trace, roundPages: input.roundPages, &outcome)
    return outcome
  }

  private static func search(
    _ question: StreamSearch.Question, _ trace: RawTrace, roundPages: Int,
    _ outcome: inout Outcome
  ) {
    var bare = trace
    bare.formats = UsedFormats.searched(in: trace.formats)
    bare.symbols = ""
    bare.printkFormats = ""
    guard let answer = StreamSearch.run(question, bare, least: 0, roundPages: roundPages) else {
      outcome.isRefused = true
      return
    }
    outcome.count += answer.search.wakeups
    precondition(answer.search.worst.count <= question.limit, "more wake-ups than were asked for")
    // The index that came with the answer is that of a reading without a question.
    guard let decoder = try? TraceDecoder(trace: bare) else {
      preconditionFailure("what was searched cannot be decoded")
    }
    for cpu in decoder.cpus {
      precondition(
        answer.decoder.pageIndex(cpu: cpu)?.pages == decoder.pageIndex(cpu: cpu)?.pages,
        "the index of a search differs")
    }
    if let first = answer.search.worst.first {
      outcome.sum &+= answer.decoder.timeline(in: TimeSpan(first.start, first.switched)).cpus.count
    }
    outcome.sum &+=
      PageSearch(decoder, task: question.task).run(
        threshold: question.threshold, limit: question.limit
      ).wakeups
  }
}
