import Testing
import TraceModel

@testable import breaktrace

@Suite(
  .serialized,
  .enabled(if: InstalledCyclictest.isUsable, "needs cyclictest (rt-tests) and root"))
struct CyclictestAgreementTests {
  @Test(arguments: [
    "-q -l2", "-q -l2 -Sp99", "-qmu -l2 -i 200", "-q -l2 -t3 -a -p80", "-q -l2 -a 0 -t",
    "-q -l2 -p 100", "-q -l2 -p -1", "-q -l2 -h 0", "-q -l2 -h 4 -H 3", "-q -l2 -t0",
    "-q -l2 --thr=2", "-q -l2 --his 3", "-q -l2 --smp=3", "-q -l", "-q -l2 -Y", "-q -l2 -o 5",
    "-q -l2 -A 5 --secaligned", "-q -l2 -S -t 1", "-q -l2 -S -a 1", "-q -l2 foo", "-q -l2 -s -x",
    "-q -l2 --policy=batch", "-q -l2 -p 5 --policy=other", "-q -l2 -c 1 -r", "-q -l2 -t -3",
    "-l2 -v -o 2", "-q -l2 --smi", "-q -l2 --dis 3", "-q -l2 --no-such",
  ])
  func `accepts and refuses what cyclictest does`(line: String) throws {
    let output = try InstalledCyclictest.output(line.words)
    let ours = Result { try CyclictestArguments.parse(line.words, dialect: .cyclictest) }
    let refused = if case .failure = ours { true } else { false }
    #expect(refused == InstalledCyclictest.isRefusal(output), "\(ours)\n\(output)")
  }

  @Test(arguments: [
    // Rubbish suffixes, unknown policy, a clock that is none, a number that is left lying.
    "-q -l2x", "-q -D 1x -l2", "-q -l2 --policy=foo", "-q -l2 -smp -p 80", "-q -l2 -pP",
    "-q -l2 -t 0",
  ])
  func `refuses what cyclictest takes for something else`(line: String) throws {
    let output = try InstalledCyclictest.output(line.words)
    #expect(!InstalledCyclictest.isRefusal(output), "\(output)")
    #expect(throws: UsageError.self) {
      try CyclictestArguments.parse(line.words, dialect: .cyclictest)
    }
  }

  @Test(arguments: [
    "-q -l2", "-q -l2 -p80 -t3", "-q -l2 -Sp99", "-q -l2 -t3 -d 0 -i 700", "-q -l2 -t2 -d 250",
    "-q -l2 -S --priospread -p80", "-q -l2 -t4 --priospread -p80", "-q -l2 -t3 --priospread",
    "-q -l2 --policy=rr", "-q -l2 --policy=fifo -t2", "-q -l2 -a 0 -t -p 10", "-q -l2 -a !1 -t",
    "-q -l2 -a 0-1 -t3", "-q -l2 -a", "-q -l2 -t", "-l2 -h 5 -t3 -p50 -i 300", "-q -l2 -S -t 1",
    "-q -l2 -p 5 --policy=other", "-q -l2 -a +0 -t2",
  ])
  func `lays threads out as cyclictest prints them`(line: String) throws {
    let available = try InstalledCyclictest.available()
    guard available.cpus.prefix(2) == [0, 1] else { return }
    let printed = InstalledCyclictest.threads(try InstalledCyclictest.output(line.words))
    let options = try CyclictestArguments.parse(line.words, dialect: .cyclictest)
    let layout = try ThreadLayout(options, available: available)
    var laidOut: [Int: [Int]] = [:]
    for thread in layout.threads {
      laidOut[thread.index] = [Int(thread.priority), Int(thread.interval.microseconds)]
    }
    #expect(laidOut == printed)
  }
}
