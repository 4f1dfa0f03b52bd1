import Testing
import TraceModel

@testable import breaktrace

/// What one option does to the options: what is written, what that changes, what is refused.
struct OptionRow: Sendable, CustomTestStringConvertible {
  /// The option.
  var name: OptionName
  /// Command lines that mean the same.
  var accepted: [[String]]
  /// Command lines that are refused.
  var refused: [[String]]
  /// What the accepted ones change in the options of an empty command line.
  var effect: @Sendable (inout CyclictestOptions) -> Void

  init(
    _ name: OptionName, _ accepted: [String], refused: [String] = [],
    _ effect: @escaping @Sendable (inout CyclictestOptions) -> Void
  ) {
    self.name = name
    // `~` stands for a blank within a word.
    func words(_ line: String) -> [String] {
      line.split(separator: " ").map { String($0.replacing("~", with: " ")) }
    }
    self.accepted = accepted.map(words)
    self.refused = refused.map(words)
    self.effect = effect
  }

  var testDescription: String { "--\(name.rawValue)" }

  static let all: [OptionRow] = threads + results + trace

  static let threads: [OptionRow] = [
    OptionRow(
      .affinity, ["-a 0-1,3", "-a0-1,3", "--affinity=0-1,3", "--affinity 0-1,3", "-a7 -a 0-1,3"],
      refused: ["-a 0-", "-a 3-1", "-a0x", "-a !", "--affinity=", "-a 70000"]
    ) { $0.affinity = .set(.only(CPUSet([0, 1, 3]))) },
    OptionRow(
      .aligned, ["-A 20", "-A20", "--aligned=20"], refused: ["-A 2x", "-A 1 --secaligned"]
    ) { $0.alignment = .common(offset: 20) },
    OptionRow(
      .secaligned, ["--secaligned", "--secaligned 0", "--seca"], refused: ["--secaligned=x"]
    ) { $0.alignment = .fullSecond(offset: 0) },
    OptionRow(
      .clock, ["-c 1", "-c1", "--clock=1", "-c 0 -c 1"], refused: ["-c 2", "-c x", "-c", "-c 1s"]
    ) { $0.clock = .realtime },
    OptionRow(
      .distance, ["-d 0", "-d0", "--distance=0", "--dist 0"], refused: ["-d", "-d -1", "-d 5u"]
    ) { $0.distance = 0 },
    OptionRow(
      .duration, ["-D 3600", "-D1h", "-D 60m", "--duration=3600s", "--dur 1h"],
      refused: ["-D 1x", "-D", "-D h", "-D -1", "-D 1hm", "-D 99999999999999999999", "-D 99999d"]
    ) { $0.duration = 3_600 },
    OptionRow(
      .interval, ["-i 200", "-i200", "--interval=200", "--int 200", "-i~200"],
      refused: ["-i 0", "-i -5", "-i 1000us", "-i", "-i 9999999999", "-i 1e3", "-i +5"]
    ) { $0.interval = 200 },
    OptionRow(
      .loops, ["-l 1000000000", "-l1000000000", "--loops=1000000000"],
      refused: ["-l3x", "-l -1", "--loops", "-l 99999999999999999999"]
    ) { $0.loops = 1_000_000_000 },
    OptionRow(.nanosleep, ["-n", "--nanosleep"], refused: ["-n -x", "--nanosleep=1"]) { _ in },
    OptionRow(.system, ["-s", "--system", "--sys"]) { $0.wait = .nanosleep },
    OptionRow(.posixTimers, ["-x", "--posix_timers", "--posix-timers", "--posix"]) {
      $0.wait = .posixTimer
    },
    OptionRow(.relative, ["-r", "--relative"]) { $0.relative = true },
    OptionRow(
      .priority, ["-p 80", "-p80", "--priority=80", "--prio 80", "--prio=80", "-p~80"],
      refused: ["-p 100", "-p -1", "-p 80x", "-pP", "-pP80", "-p", "-p 0x10", "--pri 80"]
    ) { $0.priority = 80 },
    OptionRow(
      .policy, ["-y rr", "--policy=rr", "--policy RR", "--pol rr"],
      refused: ["--policy=foo", "-y fifox", "-y deadline", "-y", "-y r"]
    ) { $0.policy = .rr },
    OptionRow(.priospread, ["-Q", "--priospread", "--prios"]) { $0.prioritySpread = true },
    OptionRow(.smp, ["-S", "--smp", "-S -a -t -n"], refused: ["-S -t 3", "-S -a 1", "--smp=3"]) {
      $0.smp = true
      $0.affinity = .each
      $0.threads = .perCPU
    },
    OptionRow(.numa, ["-U", "--numa"], refused: ["-U -S", "-S -U"]) {
      $0.numa = true
      $0.affinity = .each
      $0.threads = .perCPU
    },
    OptionRow(
      .threads, ["-t 5", "-t5", "--threads=5", "--threads 5", "--thr=5", "-t~5"],
      refused: ["-t 0", "-t0", "-t 2x", "-t -3", "--threads=", "-t=5"]
    ) { $0.threads = .count(5) },
    OptionRow(.latency, ["-e 50", "-e50", "--latency=50", "--lat 50"], refused: ["-e", "-e x"]) {
      $0.powerManagement = .hold(50)
    },
    OptionRow(.defaultSystem, ["--default-system", "--def"], refused: ["--default-system -e 5"]) {
      $0.powerManagement = .untouched
    },
    OptionRow(.laptop, ["--laptop"], refused: ["--laptop --latency=5"]) {
      $0.powerManagement = .untouched
    },
    OptionRow(.lockMemory, ["-m", "--mlockall"]) { _ in },
    OptionRow(.leaveMemory, ["--no-mlockall"], refused: ["-m --no-mlockall"]) {
      $0.lockMemory = false
    },
    OptionRow(
      .mainaffinity, ["--mainaffinity=!1", "--mainaffinity !1"],
      refused: ["--mainaffinity", "--mainaffinity=a"]
    ) { $0.mainAffinity = .except(CPUSet([1])) },
    OptionRow(.smi, ["--smi -a"], refused: ["--smi"]) {
      $0.countSMI = true
      $0.affinity = .each
    },
  ]

  static let results: [OptionRow] = [
    OptionRow(.quiet, ["-q", "--quiet", "--qui"]) { $0.quiet = true },
    OptionRow(.verbose, ["-v", "--verbose"]) { $0.verbose = true },
    OptionRow(.oscope, ["-v -o 10", "-o10 -v"], refused: ["-o 10", "-v -o 0", "-v -o x"]) {
      $0.verbose = true
      $0.oscilloscopeReduction = 10
    },
    OptionRow(
      .histogram, ["-h 400", "-h400", "--histogram=400", "-h~400", "-h 5 -h 400"],
      refused: ["-h 0", "-h", "-h 1000001", "-h 400us", "-h -1", "--his 400"]
    ) { $0.histogram = 400 },
    OptionRow(.histofall, ["-H 400", "-H400", "--histofall=400"], refused: ["-H 0", "-H"]) {
      $0.histogram = 400
      $0.histogramSum = true
    },
    OptionRow(
      .histfile, ["-h 9 --histfile=f", "--histfile f -h 9"],
      refused: ["--histfile=f", "-h 9 --histfile", "-h 9 --histfile -q"]
    ) {
      $0.histogram = 9
      $0.histogramFile = "f"
    },
    OptionRow(
      .overflowTimes, ["-h 9 -g 1000", "-g1000 -h9", "-h 9 --of_max=1000"],
      refused: ["-g 1000", "-h 9 -g 0", "-h 9 -g x"]
    ) {
      $0.histogram = 9
      $0.overflowTimes = 1_000
    },
    OptionRow(.json, ["--json=a.json", "--json a.json"], refused: ["--json", "--json -q"]) {
      $0.jsonFile = "a.json"
    },
    OptionRow(.nsecs, ["-N", "--nsecs"]) { $0.nanoseconds = true },
    OptionRow(.refreshOnMaximum, ["-M", "--refresh_on_max"]) { $0.refreshOnMaximum = true },
    OptionRow(.unbuffered, ["-u", "--unbuffered"]) { $0.unbuffered = true },
    OptionRow(.fifo, ["-F p", "-Fp", "--fifo=p"], refused: ["-F", "-F -q"]) { $0.fifo = "p" },
    OptionRow(.spike, ["--spike=50", "--spike 50"], refused: ["--spike", "--spik 50"]) {
      $0.spikeThreshold = 50
    },
    OptionRow(
      .spikeNodes, ["--spike=50 --spike-nodes=9", "--spike-nodes 9 --spike 50"],
      refused: ["--spike-nodes=9", "--spike=50 --spike-nodes=0"]
    ) {
      $0.spikeThreshold = 50
      $0.spikeNodes = 9
    },
    OptionRow(.resolution, ["-R", "--resolution"]) { $0.checkResolution = true },
    OptionRow(.debug, ["-X", "--dbg_cyclictest"]) { $0.debug = true },
    OptionRow(.format, ["--format=json", "--format json"], refused: ["--format=xml", "--format"]) {
      $0.format = .json
    },
    OptionRow(.output, ["--output=d", "--output d"], refused: ["--output", "--output -q"]) {
      $0.output = "d"
    },
  ]

  static let trace: [OptionRow] = [
    OptionRow(
      .breaktrace, ["-b 100", "-b100", "--breaktrace=100", "-b 5 -b~100"],
      refused: ["-b", "-b -1", "-b 100us", "-b x"]
    ) { $0.breakThreshold = 100 },
    OptionRow(
      .spikes, ["-b 9 --spikes=5", "-b 9 --spikes 5"], refused: ["--spikes=5", "-b 9 --spikes=0"]
    ) {
      $0.breakThreshold = 9
      $0.spikes = 5
    },
    OptionRow(
      .escalate, ["-b 9 --escalate"],
      refused: [
        "--escalate", "-b 9 --escalate -I", "-b 9 --escalate --spikes 2",
        "-b 9 --escalate --no-stack", "-b 9 --escalate --no-trace",
      ]
    ) {
      $0.breakThreshold = 9
      $0.escalate = true
    },
    OptionRow(
      .escalateBudget,
      ["-b 9 --escalate --escalate-budget 30", "-b 9 --escalate --escalate-budget=30"],
      refused: ["-b 9 --escalate-budget 30", "-b 9 --escalate --escalate-budget 0"]
    ) {
      $0.breakThreshold = 9
      $0.escalate = true
      $0.escalateBudget = 30
    },
    OptionRow(
      .buffer, ["-b 9 --buffer 4096", "-b 9 --buffer=4M", "-b 9 --buffer=4096K"],
      refused: ["--buffer 4096", "-b 9 --buffer=0", "-b 9 --buffer=4X", "-b 9 --buffer=99999G"]
    ) {
      $0.breakThreshold = 9
      $0.bufferKiB = 4_096
    },
    OptionRow(
      .events, ["-b 9 --events=block,irq:irq_*", "-b 9 --events block --events irq:irq_*"],
      refused: ["--events=block", "-b 9 --events=a,,b", "-b 9 --events=a/b", "-b 9 --events="]
    ) {
      $0.breakThreshold = 9
      $0.events = ["block", "irq:irq_*"]
    },
    OptionRow(.event, ["-b 9 -E", "-b 9 --event"], refused: ["-E"]) {
      $0.breakThreshold = 9
      $0.eventTracing = true
    },
    OptionRow(.context, ["-b 9 -C", "-b 9 --context"], refused: ["-C"]) {
      $0.breakThreshold = 9
      $0.contextSwitches = true
    },
    OptionRow(.stack, ["-b 9 --stack"], refused: ["--stack", "-b 9 --stack --no-stack"]) {
      $0.breakThreshold = 9
    },
    OptionRow(.noStack, ["-b 9 --no-stack"], refused: ["--no-stack"]) {
      $0.breakThreshold = 9
      $0.stack = false
    },
    OptionRow(.noTrace, ["-b 9 --no-trace", "-b 9 --notrace"], refused: ["-b 9 --no-trace -I"]) {
      $0.breakThreshold = 9
      $0.trace = false
    },
    OptionRow(.tracemark, ["-b 9 --tracemark"], refused: ["--tracemark"]) {
      $0.breakThreshold = 9
      $0.tracemark = true
    },
    OptionRow(.irqsoff, ["-b 9 -I", "-b 9 --irqsoff"], refused: ["-I", "-b 9 -I -w"]) {
      $0.breakThreshold = 9
      $0.tracer = "irqsoff"
    },
    OptionRow(.preemptoff, ["-b 9 -P"], refused: ["-P", "-b 9 -P -W", "-b 9 -P -T irqsoff"]) {
      $0.breakThreshold = 9
      $0.tracer = "preemptoff"
    },
    OptionRow(.preemptirqs, ["-b 9 -B", "-b 9 --preemptirqs", "-b 9 -IPB"], refused: ["-B"]) {
      $0.breakThreshold = 9
      $0.tracer = "preemptirqsoff"
    },
    OptionRow(.wakeup, ["-b 9 -w", "-b 9 --wakeup"], refused: ["-w", "-b 9 -wW"]) {
      $0.breakThreshold = 9
      $0.tracer = "wakeup"
    },
    OptionRow(.wakeuprt, ["-b 9 -W", "-b 9 --wakeuprt"], refused: ["-W"]) {
      $0.breakThreshold = 9
      $0.tracer = "wakeup_rt"
    },
    OptionRow(.tracer, ["-b 9 -T osnoise", "-b 9 --tracer=osnoise"], refused: ["-b 9 -T", "-T x"]) {
      $0.breakThreshold = 9
      $0.tracer = "osnoise"
    },
    OptionRow(.ftrace, ["-b 9 -f", "-b 9 --ftrace"], refused: ["-f"]) {
      $0.breakThreshold = 9
      $0.functionTrace = true
      $0.tracer = "function"
    },
    OptionRow(
      .tracerFilter, ["-b 9 -f --tracer-filter=tick*,ktime*"],
      refused: ["-b 9 --tracer-filter=tick*", "-b 9 -f --tracer-f=a"]
    ) {
      $0.breakThreshold = 9
      $0.functionTrace = true
      $0.tracer = "function"
      $0.tracerFilter = ["tick*", "ktime*"]
    },
    OptionRow(.tracerFallback, ["-b 9 -I --tracer-fallback"], refused: ["-b 9 --tracer-fallback"]) {
      $0.breakThreshold = 9
      $0.tracer = "irqsoff"
      $0.tracerFallback = true
    },
    OptionRow(
      .traceopt, ["-b 9 -O latency-format -Onooverwrite"], refused: ["-O x", "-b 9 -O a/b"]
    ) {
      $0.breakThreshold = 9
      $0.traceOptions = ["latency-format", "nooverwrite"]
    },
  ]
}
