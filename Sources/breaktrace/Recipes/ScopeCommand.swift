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
    abstract: "Shows latencies as they come, like an oscilloscope.",
    discussion: """
      With options behind `--` it measures itself. Without, it reads the n:c:v lines of `cyclictest -v` or `breaktrace \
      -v` from standard input, and passes everything on to standard output where that is no terminal. The picture is \
      drawn on the terminal of standard error (standard output where it is a terminal and nothing is passed on).

      Examples:
        breaktrace scope -- -S -p 80 -i 1000
        cyclictest -t1 -p80 -i100 -o10 -v | breaktrace scope >/dev/null
        breaktrace -v -q -p 80 -D 10 | breaktrace scope --samples 20 | tee values.txt

      Exit status: 0: the values ended; 1: an error; 3: could not measure; 64: the command line is wrong.
      """)

  @Option(help: "Columns of the picture; those of the terminal without it.")
  var width: Int?

  @Option(help: "Rows of the picture; those of the terminal without it.")
  var height: Int?

  @Option(help: "Values in a column; without it a column is a tenth of a second.")
  var samples: Int?

  @Argument(parsing: .postTerminator, help: "Options for measuring, behind --.")
  var options: [String] = []

  mutating func validate() throws {
    guard (30...1_000).contains(width ?? 80), (8...200).contains(height ?? 20) else {
      throw ValidationError("--width is 30 to 1000, --height 8 to 200")
    }
    guard (1...1_000_000).contains(samples ?? 1) else {
      throw ValidationError("--samples: it is 1 to 1000000")
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
