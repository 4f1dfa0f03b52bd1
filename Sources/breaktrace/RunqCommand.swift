import Analysis
import ArgumentParser
import Glibc
import Report
import Session
import SystemPackage
import TraceModel

/// `breaktrace runq`
struct RunqCommand: ParsableCommand, StatusReporting {
  static let configuration = CommandConfiguration(
    commandName: "runq",
    abstract: "Show scheduling latencies of any task, and which tasks ran instead.",
    discussion: """
      The first columns are those of runqslower: time, name, thread id and latency in us. They are followed by the CPU, \
      the priority, and what ran on the CPU meanwhile, in order. The summary at the end counts all waits, including those \
      below the threshold.

      Examples:
        breaktrace runq --threshold 5000 --duration 10
        breaktrace runq --comm 'kworker*' --format json >waits.jsonl
        breaktrace runq --work '*' --softirq --threshold 1000
        breaktrace runq --file trace.dat --threshold 500
        zcat trace.dat.gz | breaktrace runq --file -
        breaktrace runq --check-log runqslower.log

      Exit status: 0: success; 1: an error, a file that cannot be read, or a task that does not exist; 2: --check-log \
      found contradictions; 3: cannot arm tracing; 64: invalid command line.
      """)

  @Option(help: "Report waits of at least this length in us.")
  var threshold = RunQueueLimits.defaultThreshold

  @Option(help: "Show only tasks with this name (a glob).")
  var comm: String?

  @Option(help: "Show only the threads of this process.")
  var pid: Int32?

  @Option(help: "Show only this thread.")
  var tid: Int32?

  @Option(help: "Show only waits that ended on these CPUs (0-3,5).")
  var cpu: String?

  @Option(help: "Show work items whose function matches this glob, instead of tasks.")
  var work: String?

  @Flag(help: "Show the latencies of softirqs.")
  var softirq = false

  @Option(help: "Stop after this number of seconds.")
  var duration: Double?

  @Flag(help: "Show a table of the tasks with the longest waits, updated once per second.")
  var top = false

  @Option(help: "Output format: text or json (one object per line).")
  var format = LineFormat.text

  @Option(help: "Size of the ring buffer per CPU in KiB.")
  var buffer = 8_192

  @Option(help: "Where short waits are discarded: kernel, pages (read all events) or auto.")
  var filterIn = FilterPlace.auto

  @Flag(help: "Record sched_wakeup too. JSON then contains the time of the enqueue (enqueued_ns).")
  var enqueue = false

  @Option(
    parsing: .upToNextOption,
    help:
      "Read recorded traces instead of the live kernel, like analyze. - is standard input.")
  var file: [String] = []

  @Option(
    help:
      "With --file, read this buffer (instance), not the first with sched_switch. An empty name is the top-level buffer."
  )
  var instance: String?

  @Option(
    help: "With --file, take the event formats of raw pages from this directory or trace.dat.")
  var formats: String?

  @Option(help: "With --file, explain what the process tree of this process id waited for.")
  var tree: Int32?

  @Option(help: "Check the task names in a log of runqslower.")
  var checkLog: String?

  mutating func validate() throws {
    try RunQueueLimits.check(threshold: threshold, buffer: buffer)
    if let duration, !(duration > 0 && duration < 1e7) {
      throw ValidationError("invalid argument for --duration: expected a number of seconds above 0")
    }
    if let cpu, CPUSet(list: cpu) == nil {
      throw ValidationError(
        "invalid argument '\(cpu)' for --cpu: expected a list of CPUs, for example 0-3,5")
    }
    if tree != nil, file.isEmpty { throw ValidationError("--tree: requires --file") }
    if file.isEmpty, instance != nil || formats != nil {
      throw ValidationError("--instance and --formats: require --file")
    }
    if !file.isEmpty, pid != nil {
      throw ValidationError("--pid: cannot be used together with --file; use --tid or --comm")
    }
    if !file.isEmpty, duration != nil || top {
      throw ValidationError("--duration and --top: cannot be used together with --file")
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
      Console.error("breaktrace: --pid: no such process: \(pid)")
      return .failure
    }
    if let tid, access("/proc/\(tid)", F_OK) != 0 {
      Console.error("breaktrace: --tid: no such thread: \(tid)")
      return .failure
    }
    let online = SystemFiles().line("/sys/devices/system/cpu/online").flatMap { CPUSet(list: $0) }
    if let online, let cpus = filter.cpus, !cpus.cpus.contains(where: online.cpus.contains) {
      Console.error(
        "breaktrace: --cpu: CPU \(cpus.list) does not exist; online CPUs are \(online.list)")
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
    do throws(SessionError) {
      let summary = try RunQueueSession(plan: plan, observer: printer.observer).run()
      return printer.end(summary)
    } catch {
      Console.error("breaktrace: \(error)")
      return .refused
    }
  }

  private func recorded() -> ExitStatus {
    let status = RecordedRunQueue(
      files: file, formats: formats, instance: instance, filter: filter, format: format, work: work,
      softirq: softirq, tree: tree
    ).status()
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
