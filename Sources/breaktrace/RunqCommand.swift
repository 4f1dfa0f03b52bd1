import Analysis
import ArgumentParser
import Report
import Session
import SystemPackage
import TraceModel

/// `breaktrace runq`
struct RunqCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "runq",
    abstract: "Shows every task that waited long for a CPU, and behind whom.",
    discussion: """
      The first columns are those of runqslower: time, name, thread, latency in us. Then the CPU, the priority, and what \
      used the CPU meanwhile, in order. It ends with statistics of all waits, those below the threshold included.

      Examples:
        breaktrace runq --threshold 5000 --duration 10
        breaktrace runq --comm 'kworker*' --format json | python3 -m json.tool --json-lines
        breaktrace runq --work '*' --softirq --threshold 1000
        breaktrace runq --file trace.dat --threshold 500
        breaktrace runq --check-log runqslower.log
      """)

  @Option(help: "Shortest wait that is shown, in us.")
  var threshold: Int64 = 10_000

  @Option(help: "Only tasks of that name; a glob.")
  var comm: String?

  @Option(help: "Only the threads of that process.")
  var pid: Int32?

  @Option(help: "Only that thread.")
  var tid: Int32?

  @Option(help: "Only waits that ended on these CPUs (0-3,5).")
  var cpu: String?

  @Option(help: "Show work items whose function matches, in place of tasks; a glob.")
  var work: String?

  @Flag(help: "Show the latency of softirqs.")
  var softirq = false

  @Option(help: "Stop after so many seconds.")
  var duration: Double?

  @Flag(help: "A table of the tasks that waited longest, once a second.")
  var top = false

  @Option(help: "text or json (one object a line).")
  var format = LineFormat.text

  @Option(help: "Buffer of each CPU in KiB.")
  var buffer = 8_192

  @Option(help: "Where short waits are left out: kernel, pages (all events are read) or auto.")
  var filterIn = FilterPlace.auto

  @Flag(help: "Record sched_wakeup too: JSON tells when a task stood on the queue (enqueued_ns).")
  var enqueue = false

  @Option(
    parsing: .upToNextOption,
    help: "Recorded traces instead of this machine: bundles, trace.dat, ftrace text.")
  var file: [String] = []

  @Option(help: "With --file: the chains of the process tree of that process id.")
  var tree: Int32?

  @Option(help: "Check the names in a log of runqslower.")
  var checkLog: String?

  mutating func validate() throws {
    guard threshold >= 0, threshold <= 1_000_000_000 else {
      throw ValidationError("--threshold takes 0 to 1000000000 us")
    }
    guard buffer >= 64, buffer <= 1 << 21 else {
      throw ValidationError("--buffer takes 64 to 2097152 KiB")
    }
    if let duration, !(duration > 0 && duration < 1e7) {
      throw ValidationError("--duration takes seconds above 0")
    }
    if let cpu, CPUSet(list: cpu) == nil {
      throw ValidationError("--cpu takes a list of CPUs as in 0-3,5; got \(cpu)")
    }
  }

  mutating func status() -> ExitStatus {
    if let checkLog { return RunqLogCheck.run(checkLog) }
    return file.isEmpty ? live() : recorded()
  }

  private var filter: RunQueueFilter {
    var filter = RunQueueFilter(
      threshold: Nanoseconds(microseconds: threshold), comm: comm,
      cpus: cpu.flatMap { CPUSet(list: $0) })
    if let tid { filter.tids = [tid] }
    if let pid {
      filter.tids = Set(ProcessThreads.list(pid))
      filter.includesNewThreads = true
    }
    return filter
  }

  private func live() -> ExitStatus {
    if let pid, ProcessThreads.list(pid).isEmpty {
      Console.error("breaktrace: there is no process \(pid)")
      return .failure
    }
    let plan = RunQueuePlan(
      filter: filter, bufferKilobytes: buffer,
      duration: duration.map { Nanoseconds(Int64($0 * 1e9)) }, hasWork: work != nil,
      hasSoftirqs: softirq, hasEnqueue: enqueue, filterPlace: filterIn.place,
      progressInterval: top ? Nanoseconds(1_000_000_000) : nil)
    let printer = RunqPrinter(
      format: format, work: work, softirq: softirq, threshold: filter.threshold, isTop: top,
      clock: .wall())
    printer.begin()
    do throws(SessionError) {
      let summary = try RunQueueSession(plan: plan, observer: printer.observer).run()
      return printer.end(summary)
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private func recorded() -> ExitStatus {
    var status = ExitStatus.success
    for path in file {
      do throws(SessionError) {
        let recording = try RunQueueRecording(path: path)
        for problem in recording.problems.prefix(10) {
          Console.error("breaktrace: \(path): \(problem)")
        }
        if recording.problems.count > 10 {
          Console.error("breaktrace: \(path): … and \(recording.problems.count - 10) more")
        }
        let printer = RunqPrinter(
          format: format, work: work, softirq: softirq, threshold: filter.threshold, isTop: false,
          clock: .trace)
        printer.begin()
        let replay = recording.replay(filter: filter, observer: printer.observer, chains: tree)
        if replay.switchCount == 0 {
          Console.error(
            "breaktrace: \(path): there is no sched_switch in it: record sched:sched_switch and sched:sched_waking"
          )
          status = .failure
        }
        if tree != nil {
          Console.output(
            CommandText.text(
              command: path, status: 0, threshold: filter.threshold, calls: replay.slowCalls,
              polls: replay.polls, deliveries: replay.deliveries, waits: [],
              summary: RunQueueSummary(replay)))
        }
        let end = printer.end(RunQueueSummary(replay))
        if status == .success { status = end }
      } catch {
        Console.error("breaktrace: \(error)")
        status = .failure
      }
    }
    return status
  }
}

/// Where short waits are left out.
enum FilterPlace: String, ExpressibleByArgument, CaseIterable, Sendable {
  case auto, kernel, pages

  var place: RunQueueFilterPlace {
    switch self {
    case .auto: .auto
    case .kernel: .kernel
    case .pages: .pages
    }
  }
}

/// How rows are written.
enum LineFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, json
}
