import Glibc
import Measurement
import Report
import Session
import SystemPackage
import TraceModel

/// `breaktrace [measure] …` and `cyclictest …`
enum MeasureCommand {
  /// Reads the words, measures and prints.
  static func run(_ words: [String], dialect: Dialect) -> ExitStatus {
    let options: CyclictestOptions
    let layout: ThreadLayout
    do throws(UsageError) {
      options = try CyclictestArguments.parse(words, dialect: dialect)
      switch options.action {
      case .help:
        if dialect == .cyclictest { Console.output(version(dialect)) }
        Console.output(OptionHelp.text(dialect) + "\n" + ExitStatus.help + "\n")
        return .success
      case .version:
        Console.output(version(dialect))
        return .success
      case .run: break
      }
      try options.refuseUnsupported()
      layout = try ThreadLayout(options, available: Processors.available())
    } catch {
      Console.error("\(dialect.command): \(error)")
      return dialect == .cyclictest ? .failure : .usage
    }
    for note in options.notes + layout.notes + systemNotes(options) {
      Console.error("\(dialect.command): \(note)")
    }
    let command = ([dialect.command] + words).joined(separator: " ")
    return run(options, layout, dialect: dialect, commandLine: command)
  }

  /// Measures as the options say.
  static func run(
    _ options: CyclictestOptions, _ layout: ThreadLayout, dialect: Dialect, commandLine: String,
    loadCommand: String? = nil
  ) -> ExitStatus {
    let plan: SessionPlan
    do throws(UsageError) {
      plan = try PlanBuilder(
        options: options, layout: layout, dialect: dialect, available: Processors.available()
      ).plan(commandLine: commandLine, loadCommand: loadCommand)
    } catch {
      Console.error("\(dialect.command): \(error)")
      return dialect == .cyclictest ? .failure : .usage
    }
    if options.checkResolution { resolution(options, dialect) }
    let printer: MeasurePrinter
    do throws(UsageError) {
      printer = try MeasurePrinter(options: options, dialect: dialect, plan: plan)
    } catch {
      Console.error("\(dialect.command): \(error)")
      return dialect == .cyclictest ? .failure : .refused
    }
    let result: SessionResult
    do throws(SessionError) {
      printer.begin()
      result =
        options.escalate && plan.arms
        ? try EscalationSession(
          plan, budget: options.escalateBudget.map { Nanoseconds(microseconds: $0) },
          observer: printer.observer
        ).run() : try MeasureSession(plan, observer: printer.observer).run()
    } catch {
      Console.error("\(dialect.command): \(error)")
      return dialect == .cyclictest ? .failure : .refused
    }
    let isWritten = printer.finish(result, commandLine: commandLine)
    return isWritten ? status(result, dialect: dialect) : .failure
  }

  private static func version(_ dialect: Dialect) -> String {
    dialect == .cyclictest
      ? "cyclictest V \(Version.cyclictest) (breaktrace \(Version.text))\n"
      : "breaktrace \(Version.text)\n"
  }

  /// What the options do to the machine that the user should know.
  private static func systemNotes(_ options: CyclictestOptions) -> [String] {
    var notes: [String] = []
    if options.given.contains(.laptop) {
      notes.append("WARN: not setting cpu_dma_latency to save battery power")
    } else if options.given.contains(.defaultSystem) {
      notes.append("WARN: not setting cpu_dma_latency")
    }
    if options.numa {
      let count = NUMANodes().nodes.count
      if count < 2 { notes.append("-U: same as -S, this machine has one memory node") }
    }
    if options.tracemark {
      notes.append(
        "--tracemark: has no effect, -b writes the marker and stops tracing in breaktrace's own "
          + "instance; the top-level trace is not touched")
    }
    return notes
  }

  private static func resolution(_ options: CyclictestOptions, _ dialect: Dialect) {
    let resolution = ClockResolution(
      options.clock == .monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME)
    if options.debug { for line in resolution.list { Console.error(line) } }
    let isCoarse = (resolution.measured ?? .max) > (resolution.reported ?? 0)
    if options.verbose || isCoarse || dialect == .breaktrace {
      for line in resolution.lines { Console.error(line) }
    }
  }

  private static func status(_ result: SessionResult, dialect: Dialect) -> ExitStatus {
    for line in result.leftovers { Console.error("breaktrace: not restored: \(line)") }
    for line in result.failures { Console.error("breaktrace: \(line)") }
    if !result.leftovers.isEmpty || !result.failures.isEmpty { return .failure }
    if dialect == .cyclictest || result.hit == nil { return .success }
    return result.hasIncompleteTrace ? .incomplete : .hit
  }
}
