import ArgumentParser
import Glibc
import Measurement
import Report
import Session
import TraceModel

/// `breaktrace scope`
struct ScopeCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "scope",
    abstract: "Show latencies live, like an oscilloscope.",
    discussion: """
      With options after `--`, scope measures itself. Otherwise it reads the n:c:v lines of `cyclictest -v` or \
      `breaktrace -v` from standard input, and copies its input to standard output unless that is a terminal. The \
      display is drawn on standard error, or on standard output if that is a terminal and nothing is copied to it.

      Examples:
        breaktrace scope -- -S -p 80 -i 1000
        cyclictest -t1 -p80 -i100 -o10 -v | breaktrace scope >/dev/null
        breaktrace -v -q -p 80 -D 10 | breaktrace scope --samples 20 | tee values.txt

      Exit status: 0: end of the values; 1: an error; 3: cannot measure; 64: invalid command line.
      """)

  @Option(help: "Width of the display in columns (default: that of the terminal).")
  var width: Int?

  @Option(help: "Height of the display in rows (default: that of the terminal).")
  var height: Int?

  @Option(help: "Show this number of values per column (default: 0.1 s per column).")
  var samples: Int?

  @Argument(parsing: .postTerminator, help: "Options of the measurement, after --.")
  var options: [String] = []

  mutating func validate() throws {
    guard (30...1_000).contains(width ?? 80), (8...200).contains(height ?? 20) else {
      throw ValidationError(
        "invalid size: expected --width from 30 to 1000 and --height from 8 to 200")
    }
    guard (1...1_000_000).contains(samples ?? 1) else {
      throw ValidationError("invalid argument for --samples: expected 1 to 1000000")
    }
  }

  mutating func status() -> ExitStatus {
    let screen = ScopeScreen(
      width: width, height: height, samples: samples, usesOutput: isatty(1) == 1)
    if options.isEmpty { return ScopeStream.run(screen) }
    let parsed: CyclictestOptions
    let layout: ThreadLayout
    do throws(UsageError) {
      parsed = try CyclictestArguments.parse(options)
      try parsed.refuseUnsupported()
      layout = try ThreadLayout(parsed, available: Processors.available())
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    return measure(parsed, layout, screen)
  }

  private func measure(
    _ parsed: CyclictestOptions, _ layout: ThreadLayout, _ screen: ScopeScreen
  ) -> ExitStatus {
    var plan: SessionPlan
    do throws(UsageError) {
      plan = try PlanBuilder(
        options: parsed, layout: layout, dialect: .breaktrace, available: Processors.available()
      ).plan(commandLine: "breaktrace scope", loadCommand: nil)
    } catch {
      Console.error("breaktrace: \(error)")
      return .usage
    }
    plan.streamsSamples = true
    plan.progressInterval = Nanoseconds(100_000_000)
    let nanoseconds = parsed.nanoseconds
    var observer = SessionObserver()
    observer.samples = { thread, samples, _ in
      for sample in samples {
        let value = nanoseconds ? sample.latency.count : sample.latency.microseconds
        screen.add(thread: thread, value: value)
      }
    }
    observer.progress = { _ in screen.tick() }
    observer.remark = { Console.error("breaktrace: \($0)") }
    observer.spike = { report in
      screen.leave()
      Console.error("breaktrace: \(report.headline)")
    }
    do throws(SessionError) {
      let result = try MeasureSession(plan, observer: observer).run()
      screen.finish()
      Console.output(
        CyclictestText(nanoseconds: nanoseconds).summary(result.statistics))
      return result.hit == nil ? .success : .hit
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }
}
