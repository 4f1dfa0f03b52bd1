import ArgumentParser
import Glibc
import Report
import Session
import TraceModel

/// `breaktrace verify`
struct VerifyCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Inject known faults and check whether the reports name them.",
    discussion: """
      Injects one fault after the other beside a measured thread with tracing armed. Each report is compared with the \
      record of the process that injected the fault. Spikes with other causes are recognised and measured again. This \
      takes one or two minutes. Run nothing else meanwhile: CPUs are delayed on purpose, for a few milliseconds at a \
      time, and for up to a second with `throttling`.

      Faults:
      \(VerifyFault.allCases.map { "  \($0.rawValue): \($0.what)" }.joined(separator: "\n"))

      Examples:
        breaktrace verify
        breaktrace verify --fault hog-above --fault lock-owner --rounds 5
        breaktrace verify --format json --output /tmp/verify

      Exit status: 0: every fault that can be injected here was named; 1: some were not, or an error; 2: a wrong cause \
      was called proven; 3: nothing can be injected, or tracing cannot be armed; 64: invalid command line; 128 + N: \
      ended by signal N.
      """)

  @Option(
    name: .customLong("fault"),
    help: ArgumentHelp("Inject only this fault. Repeatable.", valueName: "name"),
    transform: Self.fault)
  var faults: [VerifyFault] = []

  @Option(help: "Measure each fault this number of times, 1 to 1000.")
  var rounds = 3

  @Option(help: "Measure on this CPU (default: the last).")
  var cpu: Int?

  @Option(help: "Output format: text, markdown or json.")
  var format = OutputFormat.text

  @Option(help: ArgumentHelp("Keep the bundles in this directory.", valueName: "dir"))
  var output: String?

  private static func fault(_ word: String) throws -> VerifyFault {
    guard let fault = VerifyFault(rawValue: word) else {
      let names = VerifyFault.allCases.map(\.rawValue).alternatives
      throw ValidationError("invalid argument '\(word)' for --fault: expected \(names)")
    }
    return fault
  }

  mutating func validate() throws {
    guard (1...1_000).contains(rounds) else {
      throw ValidationError("invalid argument for --rounds: expected a number from 1 to 1000")
    }
    let available = Processors.available()
    if let cpu, !available.cpus.contains(cpu) {
      throw ValidationError(
        "invalid argument '\(cpu)' for --cpu: expected one of the CPUs \(available.list)")
    }
  }

  mutating func status() -> ExitStatus {
    let cpus = Processors.available()
    let measured = cpu ?? cpus.cpus.last ?? 0
    var plan = VerifyPlan(
      cpus: cpus, cpu: measured, version: Version.text, commandLine: "breaktrace verify")
    // In the catalogue's order, and none twice.
    if !faults.isEmpty { plan.faults = VerifyFault.allCases.filter(faults.contains) }
    plan.rounds = rounds
    plan.outputDirectory = output
    do throws(SessionError) {
      let report = try VerifySession(plan, observer: observer).run()
      return finish(report)
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private var observer: VerifyObserver {
    let rounds = rounds
    var count = 0
    var observer = VerifyObserver()
    observer.begin = { fault in
      count = 0
      Console.error("breaktrace: \(fault.rawValue): \(fault.what)")
    }
    observer.round = { _, round in
      count += 1
      Console.error(
        "  \(count) of \(rounds): \(round.isRight ? "named" : "NOT NAMED"): \(round.headline)")
    }
    observer.other = { _, headline in
      Console.error("  another cause, measuring again: \(headline)")
    }
    observer.end = { row in
      if let reason = row.obstacle {
        Console.error("breaktrace: cannot inject \(row.fault) here: \(reason)")
      } else if let reason = row.shortfall {
        Console.error("  only \(row.rounds.count) of \(rounds): \(reason)")
      }
    }
    observer.remark = { Console.error("breaktrace: \($0)") }
    return observer
  }

  private func finish(_ report: VerifyReport) -> ExitStatus {
    guard
      format.write(
        text: report.text, markdown: report.markdown,
        json: { () throws(ReportError) in try report.json })
    else { return .failure }
    for leftover in report.leftovers { Console.error("breaktrace: not restored: \(leftover)") }
    if let signal = report.signal {
      Console.error("breaktrace: ended by signal \(signal), the score is incomplete")
      return ExitStatus(128 + signal)
    }
    guard report.leftovers.isEmpty else { return .failure }
    switch report.outcome {
    case .named: return .success
    case .incomplete: return .failure
    case .wronglyProven: return .hit
    case .nothing: return .refused
    }
  }
}
