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
        Console.output(OptionHelp.text(dialect) + "\n" + ExitStatus.help + "\n")
        return .success
      case .version:
        Console.output(
          "\(dialect.command) \(dialect == .cyclictest ? "V 2.40 (breaktrace \(Version.text))" : Version.text)\n"
        )
        return .success
      case .run: break
      }
      try options.refuseUnsupported()
      layout = try ThreadLayout(options, available: Processors.available())
    } catch {
      Console.error("\(dialect.command): \(error)")
      return dialect == .cyclictest ? .failure : .usage
    }
    for note in options.notes + layout.notes { Console.error("\(dialect.command): \(note)") }
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
      plan = try PlanBuilder(options: options, layout: layout, dialect: dialect)
        .plan(commandLine: commandLine, loadCommand: loadCommand)
    } catch {
      Console.error("\(dialect.command): \(error)")
      return .usage
    }
    let printer = MeasurePrinter(options: options, dialect: dialect, plan: plan)
    let result: SessionResult
    do throws(SessionError) {
      printer.begin()
      result = try MeasureSession(plan, observer: printer.observer).run()
    } catch {
      Console.error("\(dialect.command): \(error)")
      return .refused
    }
    printer.finish(result)
    return status(result, dialect: dialect)
  }

  private static func status(_ result: SessionResult, dialect: Dialect) -> ExitStatus {
    for line in result.leftovers { Console.error("breaktrace: not restored: \(line)") }
    for line in result.failures { Console.error("breaktrace: \(line)") }
    if !result.leftovers.isEmpty || !result.failures.isEmpty { return .failure }
    if dialect == .cyclictest || result.hit == nil { return .success }
    return result.hasIncompleteTrace ? .incomplete : .hit
  }
}
