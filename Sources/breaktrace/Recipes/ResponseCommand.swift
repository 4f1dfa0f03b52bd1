import ArgumentParser
import Report
import Session
import TraceModel

/// `breaktrace response`
struct ResponseCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "response",
    abstract: "Estimate the response time of an application thread from outside.",
    discussion: """
      Measures twice while the application runs: first above its priority, which gives its own latency, then below it, \
      which adds the time for which it runs. The difference is a rough estimate of how long the application runs without \
      a break. It does not measure the application itself.

      Examples:
        breaktrace response --priority 40
        breaktrace response --priority 40 --above 80 --below 30 --cpus 1 --duration 1m

      Exit status: 0: measured; 1: an error; 3: cannot measure; 64: invalid command line.
      """)

  @Option(
    name: [.customShort("p"), .long], help: "Real-time priority of the application, 2 to 98.")
  var priority: Int32

  @Option(help: "Priority of the first run (default: application + 1).")
  var above: Int32?

  @Option(help: "Priority of the second run (default: application - 1).")
  var below: Int32?

  @Option(
    name: [.customShort("D"), .long],
    help: "Measure for this time per run, in seconds or with a suffix s, m, h or d.")
  var duration = "30"

  @OptionGroup var cadence: RecipeCadence

  mutating func validate() throws {
    guard (2...98).contains(priority) else {
      throw ValidationError("invalid argument '\(priority)' for --priority: expected 2 to 98")
    }
    guard (priority + 1...99).contains(above ?? priority + 1) else {
      throw ValidationError("invalid argument for --above: expected \(priority + 1) to 99")
    }
    guard (1...priority - 1).contains(below ?? priority - 1) else {
      throw ValidationError("invalid argument for --below: expected 1 to \(priority - 1)")
    }
  }

  mutating func status() -> ExitStatus {
    let places: CPUSet
    let time: Nanoseconds
    do throws(UsageError) {
      places = try RecipeRun.cpus(cadence.cpus)
      time = try RecipeRun.duration(duration)
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    do throws(SessionError) {
      guard let baseline = try measure(above ?? priority + 1, places, time),
        let loaded = try measure(below ?? priority - 1, places, time)
      else {
        Console.error("breaktrace: interrupted, nothing to compare")
        return .refused
      }
      Console.output(text(baseline, loaded))
      return .success
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  /// The threads' statistics; nil where a signal ended the run.
  private func measure(
    _ priority: Int32, _ places: CPUSet, _ time: Nanoseconds
  ) throws(SessionError) -> [ThreadStatistics]? {
    Console.error(
      "breaktrace: fifo \(priority) on CPU \(places.list) for \(time.count / 1_000_000_000) s")
    let run = RecipeRun(
      cpus: places, policy: .fifo, priority: priority,
      interval: Nanoseconds(microseconds: cadence.interval), duration: time,
      commandLine: "breaktrace response")
    let result = try run.run()
    if case .signal = result.end { return nil }
    return result.statistics
  }

  private func text(_ baseline: [ThreadStatistics], _ loaded: [ThreadStatistics]) -> String {
    var rows = [["CPU", "run", "wakeups", "min us", "avg us", "max us"]]
    func row(_ thread: ThreadStatistics, _ name: String) -> [String] {
      [
        thread.cpu.map(String.init) ?? "any", name, "\(thread.cycles)",
        "\(thread.minimum.microseconds)", "\(thread.average.microseconds)",
        "\(thread.maximum.microseconds)",
      ]
    }
    for (high, low) in zip(baseline, loaded) {
      rows.append(row(high, "above (fifo \(high.priority))"))
      rows.append(row(low, "below (fifo \(low.priority))"))
      rows.append([
        high.cpu.map(String.init) ?? "any", "difference", "-", "-",
        "\((low.average - high.average).microseconds)",
        "\((low.maximum - high.maximum).microseconds)",
      ])
    }
    var text = TextTable.text(rows) + "\n"
    let between = OtherThreads.all().filter {
      ((below ?? priority - 1)...(above ?? priority + 1)).contains($0.priority)
    }
    if !between.isEmpty {
      let names = Set(between.map { "\($0.comm) (\($0.priority))" }).sorted().prefix(6)
      text +=
        "The difference includes the time of other tasks between the two priorities: "
        + "\(names.joined(separator: ", ")).\n"
    }
    return text + """
      The difference of the maxima estimates the longest time for which tasks between the two priorities ran without a
      break. It is a rough estimate:
      - The two runs were made one after the other, and the load may have changed in between.
      - Tasks that do not sleep between two jobs count as one longer job.
      - A wakeup in the middle of a job measures only the rest of it, so the average is too small.
      - Waits of the application for locks, devices or memory are not included.

      """
  }
}
