import ArgumentParser
import Session
import TraceModel

/// `breaktrace demo`
struct DemoCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Measures here under a small load of its own, and explains the first spike.",
    discussion: """
      One thread a CPU at FIFO 80, tracing armed, beside it a normal task that computes, and a task at FIFO 90 that is \
      busy for 2 ms four times a second. Ends at the first latency above the limit, after 20 s at the latest.

      Examples:
        breaktrace demo
        breaktrace demo -b 200 --output /tmp

      Exit status: 0: a spike was explained, or none came; 1: an error; 3: could not measure or arm; 4: explained, but \
      the trace of the window is incomplete; 64: the command line is wrong.
      """)

  @Option(name: [.customShort("b"), .long], help: "The limit in us.")
  var breaktrace: Int64 = 500

  @Option(help: "Where the bundle is made.")
  var output = "."

  @Option(help: "text, markdown or json.")
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
      "breaktrace: measuring on CPU 0-\(last), limit \(breaktrace) us, with a small load on CPU \(last)"
    )
    do {
      let compute = try FaultProcess(faults[0])
      let fifo = try FaultProcess(faults[1])
      let result = MeasureCommand.run(
        options, layout, dialect: .breaktrace, commandLine: "breaktrace demo",
        loadCommand:
          "demo-compute (normal) and demo-fifo90 (FIFO 90, 2 ms four times a second) on CPU \(last)"
      )
      compute.stop()
      fifo.stop()
      // The demonstration's purpose is the hit.
      return result == .hit ? .success : result
    } catch {
      Console.error("breaktrace: the load cannot be started: \(error)")
      return .failure
    }
  }
}
