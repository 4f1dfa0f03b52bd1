import ArgumentParser
import Report
import Session
import TraceModel

/// `breaktrace plan`
struct PlanCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Measures for each thread of an application whether its latency constraint holds.",
    discussion: """
      FILE has a line for each thread: its name, its constraint, its real-time priority. One run is made for each line, \
      at the priority above, while the application and its load run; latencies above the limit are traced and their \
      culprits named.

        # thread  constraint                    priority
        A         never above 80 us             50
        B         at most 0.1 % above 100 us    47

      Examples:
        breaktrace plan threads.txt
        breaktrace plan --duration 1h --cpus 2-3 threads.txt
        breaktrace plan --check threads.txt

      Exit status: 0: every constraint is met; 1: a file cannot be read; 2: one is missed; 3: could not measure as \
      asked; 64: the command line or the table is wrong. What was met is met for this load and this time only.
      """)

  @Argument(help: "The table of threads.")
  var file: String

  @Option(
    name: [.customShort("D"), .long], help: "Time of each run: seconds, or with s, m, h or d.")
  var duration = "60"

  @OptionGroup var cadence: RecipeCadence

  @Option(help: "How many misses of a thread are traced and explained; 0 traces nothing.")
  var spikes = 3

  @Option(help: "Where bundles are made.")
  var output = "."

  @Flag(help: "Only read the table and look at the priorities.")
  var check = false

  mutating func validate() throws {
    guard (0...1_000).contains(spikes) else {
      throw ValidationError("--spikes: \(spikes) is not between 0 and 1000")
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
