import ArgumentParser
import Report
import Session
import TraceModel

/// `breaktrace response`
struct ResponseCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "response",
    abstract: "Estimates the response time of an application's thread from outside.",
    discussion: """
      Measures twice while the application runs: above its priority (the latency that it has itself), then below it \
      (that latency and the time that it works). The difference is a rough picture of the time that it is busy at a \
      stretch; it is no measurement of the application.

      Examples:
        breaktrace response --priority 40
        breaktrace response --priority 40 --above 80 --below 30 --cpus 1 --duration 1m

      Exit status: 0: measured; 1: an error; 3: could not measure; 64: the command line is wrong.
      """)

  @Option(name: [.customShort("p"), .long], help: "The application's real-time priority, 2 to 98.")
  var priority: Int32

  @Option(help: "Priority of the first run (the application's + 1).")
  var above: Int32?

  @Option(help: "Priority of the second run (the application's - 1).")
  var below: Int32?

  @Option(
    name: [.customShort("D"), .long], help: "Time of each run: seconds, or with s, m, h or d.")
  var duration = "30"

  @OptionGroup var cadence: RecipeCadence

  mutating func validate() throws {
    guard (2...98).contains(priority) else {
      throw ValidationError("--priority: \(priority) is not between 2 and 98")
    }
    guard (priority + 1...99).contains(above ?? priority + 1) else {
      throw ValidationError("--above: it must be \(priority + 1) to 99")
    }
    guard (1...priority - 1).contains(below ?? priority - 1) else {
      throw ValidationError("--below: it must be 1 to \(priority - 1)")
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
        Console.error("breaktrace: interrupted: there is nothing to compare")
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
    var rows = [["CPU", "run", "wake-ups", "min us", "avg us", "max us"]]
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
        "Between the two priorities run as well: \(names.joined(separator: ", ")). Their time is in "
        + "the difference.\n"
    }
    return text + """
      The difference of the maxima is about the longest time that tasks between the two priorities were busy at a
      stretch. It is a rough picture, because
      - the two runs were one after the other, under load that may have changed;
      - tasks that do not sleep between two jobs count as one longer job;
      - a wake-up in the middle of a job sees the rest of it only, so the average is too small;
      - waits of the application for locks, devices or memory are not in it.

      """
  }
}
