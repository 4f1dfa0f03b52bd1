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
    abstract: "Shows every task that waited long for a CPU, and behind whom.",
    discussion: """
      The first columns are those of runqslower: time, name, thread, latency in us. Then the CPU, the priority, and what \
      used the CPU meanwhile, in order. It ends with statistics of all waits, those below the threshold included.

      Examples:
        breaktrace runq --threshold 5000 --duration 10
        breaktrace runq --comm 'kworker*' --format json >waits.jsonl
        breaktrace runq --work '*' --softirq --threshold 1000
        breaktrace runq --file trace.dat --threshold 500
        zcat trace.dat.gz | breaktrace runq --file -
        breaktrace runq --check-log runqslower.log

      Exit status: 0: measured or read; 1: an error, a file that cannot be read, or a task that does not exist; 2: \
      --check-log found contradictions; 3: tracing cannot be armed; 64: the command line is wrong.
      """)

  @Option(help: "Shortest wait that is shown, in us.")
  var threshold = RunQueueLimits.defaultThreshold

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
    help:
      "Read recorded traces instead of this machine, as analyze does; - is standard input.")
  var file: [String] = []

  @Option(
    help:
      "With --file: replay this buffer (instance), not the first with sched_switch; an empty name is the top one."
  )
  var instance: String?

  @Option(help: "With --file: a directory or trace.dat with the event formats of raw pages.")
  var formats: String?

  @Option(help: "With --file: the chains of the process tree of that process id.")
  var tree: Int32?

  @Option(help: "Check the names in a log of runqslower.")
  var checkLog: String?

  mutating func validate() throws {
    try RunQueueLimits.check(threshold: threshold, buffer: buffer)
    if let duration, !(duration > 0 && duration < 1e7) {
      throw ValidationError("--duration takes seconds above 0")
    }
    if let cpu, CPUSet(list: cpu) == nil {
      throw ValidationError("--cpu takes a list of CPUs as in 0-3,5; got \(cpu)")
    }
    if tree != nil, file.isEmpty { throw ValidationError("--tree goes with --file") }
    if file.isEmpty, instance != nil || formats != nil {
      throw ValidationError("--instance and --formats go with --file")
    }
    if !file.isEmpty, pid != nil {
      throw ValidationError("--pid is of this machine, not of a file: use --tid or --comm")
    }
    if !file.isEmpty, duration != nil || top {
      throw ValidationError("--duration and --top are for this machine, not for --file")
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
    if let tid, access("/proc/\(tid)", F_OK) != 0 {
      Console.error("breaktrace: there is no thread \(tid)")
      return .failure
    }
    let online = SystemFiles().line("/sys/devices/system/cpu/online").flatMap { CPUSet(list: $0) }
    if let online, let cpus = filter.cpus, !cpus.cpus.contains(where: online.cpus.contains) {
      Console.error("breaktrace: CPU \(cpus.list) is not there; CPUs that are: \(online.list)")
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
