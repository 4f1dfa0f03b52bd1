import Glibc
import RingBuffer
import TraceModel

/// The command line.
struct Options {
  var target = "both"
  var iterations = 1_000_000
  var seed: UInt64 = 1
  var corpus: String?

  init(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--iterations": iterations = rest.popFirst().flatMap(Int.init) ?? iterations
      case "--seed": seed = rest.popFirst().flatMap(UInt64.init) ?? seed
      case "--corpus": corpus = rest.popFirst()
      default: target = word
      }
    }
  }
}

/// Decodes mutated pages: every record walked, its fields read, one in a hundred pages through a
/// decoder of its own (timeline, text, markers).
func fuzzPages(_ seeds: Seeds, _ options: Options) throws {
  var mutator = Mutator(seed: options.seed)
  let base = try TraceDecoder(trace: seeds.trace)
  let layouts = [ByteOrder.little, .big].map { order in
    PageReader(layout: TraceDecoder.layout(seeds.trace, order) ?? base.reader.layout)
  }
  var records = 0
  var damaged = 0
  var events = 0
  var sum: Int64 = 0
  let clock = ContinuousClock()
  let start = clock.now
  for iteration in 0..<options.iterations {
    var page = seeds.pages[mutator.random.below(seeds.pages.count)]
    mutator.change(&page)
    if mutator.random.below(8) == 0 { page.removeLast(mutator.random.below(page.count)) }
    let reader = layouts[mutator.random.below(20) == 0 ? 1 : 0]
    let bytes = page.span.bytes
    let whole = iteration % 10 == 0
    let status = reader.forEachRecord(in: bytes, pageSize: 4096) { record in
      records += 1
      if let fields = base.schema.schedSwitch?.read(bytes, record) { sum &+= Int64(fields.nextPid) }
      if let fields = base.schema.schedWaking?.read(bytes, record) { sum &+= Int64(fields.pid) }
      if whole {
        sum &+= Int64(base.event(bytes, record, cpu: 0).text.utf8.count)
        events += 1
      }
      return true
    }
    if case .damaged(_, let offset) = status {
      precondition(offset >= 0 && offset <= 4096, "the damage's place lies outside the page")
      damaged += 1
    }
    if iteration % 100 == 0 {
      var trace = seeds.trace
      trace.formats = []
      trace.cpus = [CPUPages(cpu: 0, store: ByteStore(page + page))]
      let decoder = try TraceDecoder(trace: trace)
      for cpu in decoder.timeline().cpus {
        precondition(
          zip(cpu.events, cpu.events.dropFirst()).allSatisfy { $0.time <= $1.time },
          "a timeline goes back in time")
      }
      sum &+= Int64(decoder.findMarkers(containing: "x", limit: 3).count)
    }
  }
  report("pages", options, clock.now - start)
  say("  \(records) records, \(events) whole events, \(damaged) pages found damaged, sum \(sum)")
}

/// Reads mutated formats and decodes a sound page with them.
func fuzzFormats(_ seeds: Seeds, _ options: Options, iterations: Int) throws {
  var mutator = Mutator(seed: options.seed)
  var refused = 0
  var sum = 0
  let clock = ContinuousClock()
  let start = clock.now
  for _ in 0..<iterations {
    let source = seeds.trace.formats[mutator.random.below(seeds.trace.formats.count)]
    var bytes = Array(source.text.utf8)
    mutator.changeText(&bytes)
    var trace = seeds.trace
    trace.formats = [
      FormatText(system: source.system, text: String(decoding: bytes, as: UTF8.self))
    ]
    trace.symbols = ""
    var header = Array(trace.headerPage.utf8)
    if mutator.random.below(10) == 0 { mutator.changeText(&header) }
    trace.headerPage = String(decoding: header, as: UTF8.self)
    let page = seeds.pages[mutator.random.below(seeds.pages.count)]
    trace.cpus = [CPUPages(cpu: 0, store: ByteStore(page))]
    do throws(RingBufferError) {
      let decoder = try TraceDecoder(trace: trace)
      refused += decoder.schema.problems.count
      for event in decoder.timeline().merged { sum &+= event.text.utf8.count }
      if let format = decoder.schema.formats.first {
        // Whatever id the mutation left: decode every record as this event.
        let base = decoder.reader
        _ = base.forEachRecord(in: page.span.bytes) { record in
          for field in format.fields {
            sum &+= Int(
              truncatingIfNeeded:
                decoder.schema.slot(field.name, of: format)?.integer(page.span.bytes, record) ?? 0)
          }
          return true
        }
      }
    } catch {
      refused += 1
    }
  }
  var told = options
  told.iterations = iterations
  report("formats", told, clock.now - start)
  say("  \(refused) refused, sum \(sum)")
}

/// Writes a line at once: after a trap nothing that was kept back would be seen.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

func report(_ what: String, _ options: Options, _ time: Duration) {
  let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
  say(
    "\(what): \(options.iterations) inputs, seed \(options.seed), \(Int(seconds)) s, "
      + "\(Int(Double(options.iterations) / max(seconds, 1e-9))) a second")
}

extension TraceDecoder {
  /// The layout of a trace's pages as if they were of another byte order.
  static func layout(_ trace: RawTrace, _ order: ByteOrder) -> PageLayout? {
    guard let header = try? HeaderPage(text: trace.headerPage) else { return nil }
    return PageLayout(header: header, byteOrder: order)
  }
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
let here = #filePath.split(separator: "/").dropLast(5).reduce("") { $0 + "/" + $1 }
let seeds = try Seeds(
  fixture: here + "/Tests/RingBufferTests/Fixtures/live", corpus: options.corpus)
say("fuzz \(options.target), seed \(options.seed), \(options.iterations) inputs")
if options.target != "formats" { try fuzzPages(seeds, options) }
if options.target == "formats" || options.target == "both" {
  try fuzzFormats(
    seeds, options,
    iterations: options.target == "both" ? options.iterations / 50 : options.iterations)
}
