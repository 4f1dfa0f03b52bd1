import FoundationEssentials
import FuzzTargets
import Glibc

/// The command line.
struct Options {
  var targets: [Target] = []
  var iterations = Int.max
  var seconds = Double.infinity
  var seed: UInt64 = 1
  var corpus: String?
  var keep = "/tmp/breaktrace-fuzz-input"
  var export: String?
  var isExhaustive = false
  /// To how many other values each byte is changed: 8 for its bits one by one, 255 for all; nil for
  /// the target's own.
  var values: Int?

  init(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--iterations": iterations = rest.popFirst().flatMap(Int.init) ?? iterations
      case "--seconds": seconds = rest.popFirst().flatMap(Double.init) ?? seconds
      case "--seed": seed = rest.popFirst().flatMap(UInt64.init) ?? seed
      case "--corpus": corpus = rest.popFirst()
      case "--keep": keep = rest.popFirst() ?? keep
      case "--exhaustive": isExhaustive = true
      case "--values": values = rest.popFirst().flatMap(Int.init)
      case "--export": export = rest.popFirst()
      default:
        guard let target = Target(rawValue: word) else { fail("unknown word '\(word)'") }
        targets.append(target)
      }
    }
    if targets.isEmpty { targets = Target.allCases }
    if iterations == .max, seconds == .infinity { iterations = 1_000_000 }
  }
}

/// Writes a line at once: after a trap nothing that was kept back would be seen.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

func fail(_ text: String) -> Never {
  say("fuzz: \(text)")
  exit(64)
}

/// The CPU time of this process in seconds.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The present input, in a shared mapping: it outlives a trap.
struct Keeper {
  private let base: UnsafeMutableRawPointer
  private static let room = 8 << 20

  init(_ path: String) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0, ftruncate(file, Self.room) == 0,
      let base = mmap(nil, Self.room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      base != MAP_FAILED
    else { fail("cannot write \(path)") }
    self.base = base
  }

  /// Eight bytes of length, then the input.
  func keep(_ bytes: [UInt8]) {
    let count = min(bytes.count, Self.room - 8)
    base.storeBytes(of: UInt64(count), as: UInt64.self)
    bytes.withUnsafeBytes {
      (base + 8).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: count)
    }
  }
}

func run(_ target: Target, _ fixture: Fixture, _ options: Options) {
  var mutator = Mutator(seed: options.seed)
  let seeds = target.seeds(fixture)
  let keeper = Keeper("\(options.keep).\(target.rawValue)")
  var inputs = 0
  var refused = 0
  var count = 0
  var sum = 0
  let start = cpuSeconds()
  var told = start
  // Every seed as it is, then mutations.
  while inputs < options.iterations {
    var bytes = seeds[inputs < seeds.count ? inputs : mutator.random.below(seeds.count)]
    if inputs >= seeds.count {
      if target.isText { mutator.changeText(&bytes) } else { mutator.change(&bytes) }
      if !bytes.isEmpty, mutator.random.below(8) == 0 {
        bytes.removeLast(mutator.random.below(bytes.count))
      }
    }
    keeper.keep(bytes)
    let outcome = target.check(
      bytes, fixture, depth: inputs % 100 == 0 ? .all : inputs % 10 == 0 ? .events : .walk)
    inputs += 1
    refused += outcome.isRefused ? 1 : 0
    count += outcome.count
    sum &+= outcome.sum
    if inputs % 64 == 0 {
      let now = cpuSeconds()
      if now - start >= options.seconds { break }
      if now - told > 60 {
        told = now
        say("\(target.rawValue): \(inputs) inputs, \(Int(now - start)) s of CPU time")
      }
    }
  }
  let seconds = max(cpuSeconds() - start, 1e-9)
  say(
    "\(target.rawValue): \(inputs) inputs, seed \(options.seed), \(Int(seconds)) s of CPU time, "
      + "\(Int(Double(inputs) / seconds)) a second, \(refused) refused or damaged, \(count) read, sum \(sum)"
  )
}

/// Every prefix of the target's small seeds, and each of their bytes changed to other values.
func runAll(_ target: Target, _ fixture: Fixture, _ options: Options) {
  let keeper = Keeper("\(options.keep).\(target.rawValue)")
  var prefixes = 0
  var changed = 0
  var refused = 0
  let start = cpuSeconds()
  var told = start
  func check(_ bytes: [UInt8]) {
    keeper.keep(bytes)
    refused += target.check(bytes, fixture, depth: .events).isRefused ? 1 : 0
    guard (prefixes + changed) % 1_024 == 0, cpuSeconds() - told > 60 else { return }
    told = cpuSeconds()
    say("\(target.rawValue): \(prefixes + changed) inputs, \(Int(told - start)) s of CPU time")
  }
  let isAll = options.values.map { $0 > 8 } ?? target.isQuick
  let changes: [UInt8] = isAll ? Array(1...255) : (0..<8).map { 1 << $0 }
  let seeds = target.exhaustiveSeeds(fixture)
  for seed in seeds {
    for place in seed.indices {
      check(Array(seed[..<place]))
      prefixes += 1
      var bytes = seed
      for change in changes {
        bytes[place] = seed[place] ^ change
        check(bytes)
        changed += 1
      }
    }
    check(seed)
  }
  say(
    "\(target.rawValue): \(seeds.count) seeds of \(seeds.reduce(0) { $0 + $1.count }) bytes, all "
      + "\(prefixes) prefixes, every byte in \(changes.count) other values: \(changed) inputs, "
      + "\(Int(cpuSeconds() - start)) s of CPU time, \(refused) refused or damaged")
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
let fixture: Fixture
do {
  fixture = try Fixture(corpus: options.corpus)
} catch {
  fail("\(error)")
}
if let directory = options.export {
  for target in options.targets {
    let place = "\(directory)/\(target.rawValue)"
    do {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for (index, seed) in target.seeds(fixture).enumerated() {
        try Data(seed).write(to: URL(filePath: "\(place)/seed\(index)"))
      }
    } catch {
      fail("\(error)")
    }
  }
} else {
  say("fuzz \(options.targets.map(\.rawValue).joined(separator: " ")), seed \(options.seed)")
  for target in options.targets {
    if options.isExhaustive {
      runAll(target, fixture, options)
    } else {
      run(target, fixture, options)
    }
  }
}
Target.end()
