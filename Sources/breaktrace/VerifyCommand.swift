import ArgumentParser
import Glibc
import Report
import Session
import TraceModel

/// `breaktrace verify`
struct VerifyCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Injects known faults here and scores what the reports call them.",
    discussion: """
      One fault after the other disturbs a measured thread with tracing armed, and each report is compared with what was \
      really done, by the record of the process that did it. Spikes of the machine's own are told apart and measured \
      again. Takes about 15 s for each fault; nothing else is to run meanwhile, and CPUs are late by design: for a few \
      milliseconds at a time, with `throttling` for a second.

      Faults:
      \(VerifyFault.allCases.map { "  \($0.rawValue): \($0.what)" }.joined(separator: "\n"))

      Examples:
        breaktrace verify
        breaktrace verify --fault hog-above --fault lock-owner --rounds 5
        breaktrace verify --format json --output /tmp/verify

      Exit status: 0: every fault that can be injected here was named; 1: some were not, or an error; 2: a wrong cause \
      was called proven; 3: nothing could be injected, or tracing cannot be armed; 64: the command line is wrong; 128 + \
      N: ended by signal N.
      """)

  @Option(
    name: .customLong("fault"),
    help: ArgumentHelp("Only this fault; may be given again.", valueName: "name"),
    transform: Self.fault)
  var faults: [VerifyFault] = []

  @Option(help: "How often each fault is measured, 1 to 1000.")
  var rounds = 3

  @Option(help: "The CPU that is measured; the last one without it.")
  var cpu: Int?

  @Option(help: "text, markdown or json.")
  var format = OutputFormat.text

  @Option(help: ArgumentHelp("Keeps the bundles there.", valueName: "dir"))
  var output: String?

  private static func fault(_ word: String) throws -> VerifyFault {
    guard let fault = VerifyFault(rawValue: word) else {
      let names = VerifyFault.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--fault takes one of \(names); got '\(word)'")
    }
    return fault
  }

  mutating func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds takes 1 to 1000") }
    let available = Processors.available()
    if let cpu, !available.cpus.contains(cpu) {
      throw ValidationError("--cpu takes one of the CPUs \(available.list); got \(cpu)")
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
      Console.error("  the machine's own, measured again: \(headline)")
    }
    observer.end = { row in
      if let reason = row.obstacle {
        Console.error("breaktrace: \(row.fault): cannot be injected here: \(reason)")
      } else if let reason = row.shortfall {
        Console.error("  \(row.rounds.count) of \(rounds) only: \(reason)")
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
      Console.error("breaktrace: ended by signal \(signal): the score is not complete")
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
