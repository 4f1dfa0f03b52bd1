import FoundationEssentials
import RingBuffer
import TraceModel

// decode DIRECTORY walk|fields|symbols|events ROUNDS: prints the events and nanoseconds of the
// fastest round, and a sum that must be the peer's.

struct Missing: Error { var path: String }

func bytes(_ path: String) throws -> [UInt8] {
  guard let data = FileManager.default.contents(atPath: path) else { throw Missing(path: path) }
  return [UInt8](data)
}

func formats(_ text: String) -> [FormatText] {
  var formats: [FormatText] = []
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("# ") {
      formats.append(FormatText(system: String(line.dropFirst(2)), text: ""))
    } else if !formats.isEmpty {
      formats[formats.count - 1].text += line + "\n"
    }
  }
  return formats
}

/// The pages of the CPUs follow each other. A timestamp that goes back begins the next CPU.
func cpus(_ store: ByteStore) -> [CPUPages] {
  var starts: [Int] = []
  var last: UInt64 = .max
  store.withBytes { bytes in
    for page in stride(from: 0, to: bytes.byteCount - 4095, by: 4096) {
      var stamp: UInt64 = 0
      for index in (0..<8).reversed() {
        stamp = stamp << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: page + index, as: UInt8.self))
      }
      if stamp < last { starts.append(page) }
      last = stamp
    }
  }
  return zip(starts, starts.dropFirst() + [store.count]).enumerated().map { cpu, ends in
    CPUPages(cpu: cpu, store: store, range: ends.0..<ends.1)
  }
}

func walk(_ decoder: TraceDecoder) -> (Int, UInt64) {
  var sum: UInt64 = 0
  var records = 0
  for cpu in decoder.cpus {
    records += decoder.forEachRecord(cpu: cpu) { _, record in sum &+= record.time }.records
  }
  return (records, sum)
}

func fields(_ decoder: TraceDecoder) -> (Int, UInt64) {
  guard let switching = decoder.schema.schedSwitch, let waking = decoder.schema.schedWaking,
    let wakeup = decoder.schema.schedWakeup
  else { return (0, 0) }
  var sum: UInt64 = 0
  func add(_ value: Int32) { sum &+= UInt64(UInt32(bitPattern: value)) }
  func visit(_ page: RawSpan, _ record: RecordRef) {
    sum &+= record.time
    if record.id == switching.id {
      guard let fields = switching.read(page, record) else { return }
      add(fields.previousPid)
      add(fields.previousPriority)
      add(Int32(truncatingIfNeeded: fields.previousState))
      add(fields.nextPid)
      add(fields.nextPriority)
    } else if record.id == waking.id {
      guard let fields = waking.read(page, record) else { return }
      add(fields.pid)
      add(fields.priority)
      add(fields.targetCPU)
    } else if record.id == wakeup.id {
      guard let fields = wakeup.read(page, record) else { return }
      add(fields.pid)
      add(fields.priority)
      add(fields.targetCPU)
    }
  }
  var records = 0
  for cpu in decoder.cpus { records += decoder.forEachRecord(cpu: cpu, visit).records }
  return (records, sum)
}

let words = CommandLine.arguments
guard words.count >= 4, let rounds = Int(words[3]) else {
  print("usage: decode DIRECTORY walk|fields|symbols|events ROUNDS")
  fatalError("three arguments are needed")
}
let directory = words[1]
let trace = RawTrace(
  headerPage: String(decoding: try bytes(directory + "/header_page"), as: UTF8.self),
  formats: formats(String(decoding: try bytes(directory + "/formats.txt"), as: UTF8.self)),
  symbols: words[2] == "symbols"
    ? String(decoding: try bytes(directory + "/kallsyms"), as: UTF8.self) : "",
  cpus: cpus(ByteStore(try bytes(directory + "/pages.raw"))))
let decoder = try TraceDecoder(trace: trace)
var best = Duration.seconds(3600)
var seen = (0, 0 as UInt64)
for _ in 0..<rounds {
  let clock = ContinuousClock()
  let start = clock.now
  switch words[2] {
  case "walk": seen = walk(decoder)
  case "fields": seen = fields(decoder)
  case "symbols": seen = (SymbolTable(trace.symbols).count, 0)
  default: seen = (decoder.timeline().cpus.reduce(0) { $0 + $1.events.count }, 0)
  }
  best = min(best, clock.now - start)
}
print(
  seen.0, best.components.seconds * 1_000_000_000 + best.components.attoseconds / 1_000_000_000,
  seen.1)
