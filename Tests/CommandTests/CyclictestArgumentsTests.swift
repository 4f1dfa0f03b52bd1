import Testing
import TraceModel

@testable import breaktrace

@Suite struct CyclictestArgumentsTests {
  @Test func `rows cover every option`() {
    let covered = Set(OptionRow.all.map(\.name)).union([.help, .version])
    #expect(covered == Set(OptionName.allCases))
  }

  @Test(arguments: OptionRow.all)
  func `takes what an option's row accepts, and changes nothing else`(row: OptionRow) throws {
    var expected = CyclictestOptions()
    row.effect(&expected)
    for words in row.accepted {
      var options = try CyclictestArguments.parse(words)
      #expect(options.given.contains(row.name), "\(words)")
      options.given = []
      options.notes = []
      #expect(options == expected, "\(words)")
    }
  }

  @Test(arguments: OptionRow.all)
  func `refuses what an option's row refuses, with a message`(row: OptionRow) {
    for words in row.refused {
      let error = #expect(throws: UsageError.self, "\(words)") {
        try CyclictestArguments.parse(words)
      }
      #expect(error?.subject.hasPrefix("-") == true, "\(words)")
    }
  }

  @Test func `an empty command line measures with cyclictest's defaults`() throws {
    let options = try CyclictestArguments.parse([])
    #expect(options == CyclictestOptions())
    #expect(options.interval == 1_000)
    #expect(options.lockMemory)
    #expect(options.powerManagement == .hold(0))
    #expect(options.wait == .clockNanosleep)
    #expect(options.threads == nil && options.affinity == nil && options.priority == nil)
    #expect(options.breakThreshold == nil)
  }

  @Test(arguments: [
    (["-Sp99"], ["-S", "-p99"], "-Sp99 = -S -p 99"),
    (["-qmu"], ["-q", "-m", "-u"], "-qmu = -q -m -u"),
    (["-ant"], ["-a", "-n", "-t"], "-ant = -a -n -t"),
    (["-at3"], ["-a", "-t", "3"], "-at3 = -a -t 3"),
    (["-qa0-1"], ["-q", "-a", "0-1"], "-qa0-1 = -q -a 0-1"),
    (["-at", "2"], ["-a", "-t", "2"], "-at = -a -t 2"),
    (["-qSp", "80"], ["-q", "-S", "-p", "80"], "-qSp = -q -S -p 80"),
    (["-tq"], ["-t", "-q"], "-tq = -t -q"),
    (["-qh 400"], ["-q", "-h", "400"], "-qh 400 = -q -h 400"),
  ])
  func `understands clusters and says how`(cluster: [String], apart: [String], note: String) throws
  {
    var together = try CyclictestArguments.parse(cluster)
    #expect(together.notes == [note])
    together.notes = []
    #expect(together == (try CyclictestArguments.parse(apart)))
    #expect(try CyclictestArguments.parse(cluster, dialect: .cyclictest).notes == [])
  }

  @Test(arguments: [
    (["-smp", "-p", "80"], "-smp: read as -s -m -p -p, not as --smp"),
    (["-smp", "80"], "-smp: read as -s -m -p 80, not as --smp"),
    (["-smi", "80"], "-smi: read as -s -m -i 80, not as --smi"),
    (["-Sp99x"], "-Sp99x (read as -S -p 99x): invalid argument '99x' for -p: expected"),
    (["-qYp"], "-Y: unknown option (in -qYp, after -q)"),
    (["-qp"], "-qp (read as -q -p): -p: requires an argument (PRIO)"),
  ])
  func `shows how it read a cluster that it refuses`(words: [String], message: String) {
    for dialect in Dialect.allCases {
      let error = #expect(throws: UsageError.self) {
        try CyclictestArguments.parse(words, dialect: dialect)
      }
      #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }
  }

  @Test(arguments: [
    ("-a0", CyclictestOptions.Affinity.set(.only(CPUSet([0])))), ("-a 0", .set(.only(CPUSet([0])))),
    ("-a7 -a 0", .set(.only(CPUSet([0])))), ("-a 0 -a", .each), ("-a all", .set(.all)),
    ("-a !2", .set(.except(CPUSet([2])))), ("-a +0-1", .set(.relative(CPUSet([0, 1])))),
    ("-a -t", .each), ("-a -q", .each), ("-a", .each), ("-aq", .each),
  ])
  func `the last affinity counts`(line: String, affinity: CyclictestOptions.Affinity) throws {
    #expect(try CyclictestArguments.parse(line.words).affinity == affinity)
  }

  @Test(arguments: [
    "-t foo", "-a foo", "foo", "-q -- -S", "-", "-A foo", "--no-such", "--", "--=3", "--tracer-f",
  ])
  func `plain breaktrace refuses stray words and unknown names`(line: String) {
    let words = line.words
    if words == ["--"] {
      #expect(throws: Never.self) { try CyclictestArguments.parse(words) }
    } else {
      #expect(throws: UsageError.self) { try CyclictestArguments.parse(words) }
    }
  }

  @Test(arguments: [
    ("-q foo", "foo: unexpected argument"), ("-S -t 3", "-t: -S already starts one thread"),
    ("-S -a 1", "-a: -S already pins"), ("-I", "-I: has no effect without -b"),
    ("-p 5 --policy=batch", "--policy: batch has no priorities"),
    ("-s -x", "-x: cannot be used together with -s"), ("-h 9 -d 0", "-d: ignored with -h"),
    ("-e 5 --laptop", "-e: --laptop does not touch"), ("-c 1", "-c 1: a step"),
    ("-r", "-r: relative timeouts"),
    ("-b 0", "-b 0: the threshold is disabled"), ("-p 0", "-p 0: the threads run as SCHED_OTHER"),
  ])
  func `under cyclictest's name contradictions are notes`(line: String, note: String) throws {
    let options = try CyclictestArguments.parse(line.words, dialect: .cyclictest)
    #expect(options.notes.count == 1)
    #expect(options.notes.first?.hasPrefix(note) == true, "\(options.notes)")
  }

  @Test(arguments: ["-b 9 -I -P", "-b 9 -PI", "-b 9 --preemptoff --irqsoff", "-b 9 -I -B"])
  func `the irqsoff and the preemptoff tracer together are the preemptirqsoff tracer`(line: String)
    throws
  {
    #expect(try CyclictestArguments.parse(line.words).tracer == "preemptirqsoff")
  }

  @Test(arguments: ["-b 9 -f -I", "-b 9 -If"])
  func `functions are traced within a tracer`(line: String) throws {
    let options = try CyclictestArguments.parse(line.words)
    #expect(options.tracer == "irqsoff" && options.functionTrace)
  }

  @Test func `the wait modes of -s and -x together differ by dialect`() throws {
    #expect(try CyclictestArguments.parse(["-s", "-x"]).wait == .itimer)
    #expect(try CyclictestArguments.parse(["-s", "-x"], dialect: .cyclictest).wait == .nanosleep)
  }

  @Test func `our options are not cyclictest's`() {
    for word in ["--format=json", "--spikes=3", "--escalate"] {
      #expect(throws: UsageError.self) {
        try CyclictestArguments.parse(["-b", "9", word], dialect: .cyclictest)
      }
    }
  }

  @Test(arguments: [
    ("--trace -b 9", OptionName.tracemark), ("--hist 9", nil), ("--no", nil), ("--lo 5", .loops),
    ("--prios", .priospread), ("--vers", .version), ("--ver", nil),
  ])
  func `beginnings of long names mean what they meant to cyclictest`(
    line: String, name: OptionName?
  ) {
    let first = (try? CyclictestArguments.parse(line.words, dialect: .cyclictest))?.given.first
    if line == "--ver" {
      #expect(first == .verbose)
    } else if line == "--no" {
      #expect(first == nil)
    } else {
      #expect(first == name)
    }
  }

  @Test func `help and version end the reading`() throws {
    #expect(try CyclictestArguments.parse(["--help", "rubbish"]).action == .help)
    #expect(try CyclictestArguments.parse(["-q", "--version", "-p"]).action == .version)
    #expect(throws: UsageError.self) { try CyclictestArguments.parse(["rubbish", "--help"]) }
  }

  @Test func `starts from the options that the caller sets`() throws {
    var base = CyclictestOptions()
    base.breakThreshold = 100
    let options = try CyclictestArguments.parse(["--buffer", "1M"], startingFrom: base)
    #expect(options.breakThreshold == 100)
    #expect(options.bufferKiB == 1_024)
    #expect(throws: UsageError.self) { try CyclictestArguments.parse(["--buffer", "1M"]) }
  }

  @Test func `the threshold and the histogram stay in microseconds with -N`() throws {
    let options = try CyclictestArguments.parse(["-N", "-b", "100", "-h", "400"])
    #expect(options.breakThreshold == 100 && options.histogram == 400 && options.nanoseconds)
  }

  @Test func `never traps on short words of every kind`() {
    let letters = "aAbBcCdDeEfFghHiIlmMnNoOpPqQrRsStTuUvwWxXyYzZ0159-=!+,:. é\u{0}"
    for first in letters {
      for second in letters {
        for third in "-=0aS" {
          _ = try? CyclictestArguments.parse(["-\(first)\(second)\(third)", "\(second)\(third)"])
          _ = try? CyclictestArguments.parse(["--\(first)\(second)\(third)"], dialect: .cyclictest)
        }
      }
    }
  }
}

extension String {
  /// The words between blanks.
  var words: [String] { split(separator: " ").map(String.init) }
}
