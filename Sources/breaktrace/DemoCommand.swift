import ArgumentParser
import Session
import TraceModel

/// `breaktrace demo`
struct DemoCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Measure under a small built-in load and explain the first spike.",
    discussion: """
      Runs one measuring thread per CPU at FIFO 80 with tracing armed. The load is a SCHED_OTHER task that computes all \
      the time, and a FIFO 90 task that runs for 2 ms four times per second. Stops at the first latency above the \
      threshold, or after 20 s.

      Examples:
        breaktrace demo
        breaktrace demo -b 200 --output /tmp

      Exit status: 0: a spike was explained, or there was none; 1: an error; 3: cannot measure or arm tracing; 4: \
      explained, but the trace of the window is incomplete; 64: invalid command line.
      """)

  @Option(
    name: [.customShort("b"), .long], help: "Stop at the first latency above this threshold in us.")
  var breaktrace: Int64 = 500

  @Option(help: "Create the bundle in this directory.")
  var output = "."

  @Option(help: "Output format: text, markdown or json.")
  var format = OutputFormat.text

  mutating func status() -> ExitStatus {
    let words = [
      "-S", "-p", "80", "-i", "1000", "-D", "20", "-b", "\(breaktrace)", "-q", "--output", output,
    ]
    let options: CyclictestOptions
    let layout: ThreadLayout
    do throws(UsageError) {
      var parsed = try CyclictestArguments.parse(words)
      parsed.format = CyclictestOptions.Format(rawValue: format.rawValue) ?? .text
      options = parsed
      layout = try ThreadLayout(options, available: Processors.available())
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    let last = layout.threads.last?.cpus?.cpus.first ?? 0
    let second = Nanoseconds(1_000_000_000)
    let faults = [
      Fault(
        .hog, name: "demo-compute", cpu: last, busy: Nanoseconds(30_000_000),
        period: Nanoseconds(40_000_000), duration: Nanoseconds(25 * second.count)),
      Fault(
        .hog, name: "demo-fifo90", cpu: last, policy: .fifo, priority: 90,
        busy: Nanoseconds(2_000_000), period: Nanoseconds(second.count / 4),
        duration: Nanoseconds(25 * second.count), delay: Nanoseconds(second.count / 4)),
    ]
    Console.error(
      "breaktrace: measuring on CPUs 0-\(last), threshold \(breaktrace) us, load on CPU \(last)"
    )
    do {
      let compute = try FaultProcess(faults[0])
      let fifo = try FaultProcess(faults[1])
      let result = MeasureCommand.run(
        options, layout, dialect: .breaktrace, commandLine: "breaktrace demo",
        loadCommand:
          "demo-compute (SCHED_OTHER) and demo-fifo90 (FIFO 90, 2 ms four times per second) on CPU \(last)"
      )
      compute.stop()
      fifo.stop()
      // The demonstration's purpose is the hit.
      return result == .hit ? .success : result
    } catch {
      Console.error("breaktrace: cannot start the load: \(error)")
      return .failure
    }
  }
}
