import ArgumentParser
import Report
import Session
import TraceModel

/// `breaktrace plan`
struct PlanCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Check whether the latency constraint of each application thread holds.",
    discussion: """
      FILE contains one line per thread with its name, its constraint and its real-time priority. breaktrace makes one \
      run per line, one priority above that of the thread, while the application and its load run. Latencies above the \
      limit are traced and their culprits named.

        # thread  constraint                    priority
        A         never above 80 us             50
        B         at most 0.1 % above 100 us    47

      Examples:
        breaktrace plan threads.txt
        breaktrace plan --duration 1h --cpus 2-3 threads.txt
        breaktrace plan --check threads.txt

      Exit status: 0: every constraint is met; 1: cannot read a file; 2: a constraint is missed; 3: cannot measure as \
      requested; 64: invalid command line or table. A constraint is only known to be met for this load and this time.
      """)

  @Argument(help: "The table of threads.")
  var file: String

  @Option(
    name: [.customShort("D"), .long],
    help: "Measure for this time per run, in seconds or with a suffix s, m, h or d.")
  var duration = "60"

  @OptionGroup var cadence: RecipeCadence

  @Option(help: "Trace and explain at most this number of misses per thread. 0 disables tracing.")
  var spikes = 3

  @Option(help: "Create the bundles in this directory.")
  var output = "."

  @Flag(help: "Only check the table and the priorities.")
  var check = false

  mutating func validate() throws {
    guard (0...1_000).contains(spikes) else {
      throw ValidationError("invalid argument '\(spikes)' for --spikes: expected 0 to 1000")
    }
  }

  mutating func status() -> ExitStatus {
    let table: PlanTable
    let places: CPUSet
    let time: Nanoseconds
    let text: String
    do throws(UsageError) {
      text = try TextFile.read(file, limit: 1 << 20)
    } catch {
      Console.error("breaktrace: \(error)")
      return .failure
    }
    do throws(UsageError) {
      table = try PlanTable(text, name: file)
      places = try RecipeRun.cpus(cadence.cpus)
      time = try RecipeRun.duration(duration)
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    for line in table.warnings(OtherThreads.all()) { Console.output("warning: \(line)\n") }
    if check {
      Console.output("\(file): \(table.rows.count) threads\n")
      return .success
    }
    var results: [PlanResult] = []
    for row in table.rows {
      Console.error(
        "breaktrace: \(row.thread): fifo \(row.priority + 1), \(row.constraint.text), "
          + "\(time.count / 1_000_000_000) s on CPU \(places.list)")
      do throws(SessionError) {
        let result = try measure(row, places, time)
        results.append(result)
        if result.isInterrupted { break }
      } catch {
        Console.error("breaktrace: \(row.thread): \(error)")
        return .refused
      }
    }
    Console.output(PlanResult.table(results))
    if results.contains(where: { !$0.isMet }) { return .hit }
    return results.count < table.rows.count || results.contains(where: \.isInterrupted)
      ? .refused : .success
  }

  /// One thread's run; after the last traced miss the rest of the time is measured without tracing.
  private func measure(
    _ row: PlanTable.Row, _ places: CPUSet, _ time: Nanoseconds
  ) throws(SessionError) -> PlanResult {
    var run = RecipeRun(
      cpus: places, policy: .fifo, priority: row.priority + 1,
      interval: Nanoseconds(microseconds: cadence.interval), duration: time,
      limit: Nanoseconds(microseconds: row.constraint.limit), spikes: spikes, output: output,
      commandLine: "breaktrace plan: \(row.thread)")
    var result = PlanResult(row: row)
    let start = Monotonic.now
    try result.add(run.run())
    let left = time - (Monotonic.now - start)
    if result.ended == .hit, row.constraint.allowed != nil, left > Nanoseconds(1_000_000_000) {
      run.spikes = 0
      run.duration = left
      try result.add(run.run())
    }
    return result
  }
}
