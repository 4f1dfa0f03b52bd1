import ArgumentParser
import Session
import SystemPackage
import TraceModel

/// `breaktrace headroom`
struct HeadroomCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "headroom",
    abstract: "Measure how much CPU time real-time tasks leave to normal tasks.",
    discussion: """
      Measures with SCHED_OTHER threads under the present load. Long waits mean that real-time tasks ran. Waits that \
      repeat with the throttling period mean that a real-time task was throttled (sched_rt_runtime_us of every \
      sched_rt_period_us, since Linux 6.8 the fair server).

      Examples:
        breaktrace headroom --duration 30
        breaktrace headroom --cpus 3 --gap 1000
        breaktrace headroom --demo

      Exit status: 0: measured; 1: an error; 2: real-time tasks were throttled; 3: cannot measure; 64: invalid command \
      line.
      """)

  @Option(
    name: [.customShort("D"), .long],
    help: "Measure for this time, in seconds or with a suffix s, m, h or d.")
  var duration = "10"

  @OptionGroup var cadence: RecipeCadence

  @Option(help: "Ignore waits shorter than this, in us.")
  var gap: Int64 = 5_000

  @Flag(help: "Run an endless FIFO 40 loop on the last CPU and measure there.")
  var demo = false

  mutating func validate() throws {
    guard (1...1_000_000_000).contains(gap) else {
      throw ValidationError("invalid argument '\(gap)' for --gap: expected 1 to 1000000000 us")
    }
  }

  mutating func status() -> ExitStatus {
    var places: CPUSet
    let time: Nanoseconds
    do throws(UsageError) {
      places = try RecipeRun.cpus(cadence.cpus)
      time = try RecipeRun.duration(duration)
      if demo {
        guard Processors.available().count > 1 else {
          throw UsageError("--demo", "requires a second CPU, which stays free")
        }
        places = CPUSet([places.cpus.last ?? 0])
      }
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    Console.error(
      "breaktrace: measuring with SCHED_OTHER threads on CPU \(places.list) for \(time.count / 1_000_000_000) s"
        + (demo ? ", beside an endless FIFO 40 loop" : ""))
    do {
      guard demo, let cpu = places.cpus.last else { return try measure(places, time) }
      let second: Int64 = 1_000_000_000
      let loop = try FaultProcess(
        Fault(
          .hog, name: "demo-fifo40", cpu: cpu, policy: .fifo, priority: 40,
          busy: Nanoseconds(second), period: Nanoseconds(second),
          duration: time, delay: Nanoseconds(second / 2)))
      let status = try measure(places, time)
      loop.stop()
      return status
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private func measure(_ places: CPUSet, _ time: Nanoseconds) throws(SessionError) -> ExitStatus {
    let waits = GapLists(count: places.count, limit: Nanoseconds(microseconds: gap))
    var run = RecipeRun(
      cpus: places, policy: .other, priority: 0,
      interval: Nanoseconds(microseconds: cadence.interval),
      duration: time, streamsSamples: true, commandLine: "breaktrace headroom")
    run.onSample = { thread, samples in
      for sample in samples { waits.lists[thread].add(sample) }
    }
    let result = try run.run()
    let throttling = Throttling.current()
    Console.output(HeadroomText.text(places, waits.lists, throttling))
    for line in result.failures { Console.error("breaktrace: \(line)") }
    if !result.failures.isEmpty { return .failure }
    return waits.lists.contains { throttling.explains($0) } ? .hit : .success
  }
}

/// The lists of all CPUs, filled while the run goes on.
private final class GapLists {
  var lists: [ThrottleGaps]

  init(count: Int, limit: Nanoseconds) {
    lists = Array(repeating: ThrottleGaps(limit: limit), count: count)
  }
}
