import Glibc
public import TraceModel

/// Reads the kernel's counters.
public struct CounterCollector: Sendable {
  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// All counters now; `threads` are thread ids of this process.
  public func snapshot(threads: [Int32] = []) -> CounterSnapshot {
    var snapshot = CounterSnapshot()
    snapshot.steal = steal()
    snapshot.interrupts = Self.interrupts(files.text("/proc/interrupts", limit: 8 << 20) ?? "")
    for cpu in snapshot.steal.keys {
      let base = "/sys/devices/system/cpu/cpu\(cpu)/thermal_throttle"
      if let count: UInt64 = files.number("\(base)/core_throttle_count") {
        snapshot.thermalThrottles[cpu] = count
      }
      // MSR_SMI_COUNT, a counter of 32 bits; a processor that has none refuses the reading.
      if let bytes = files.bytes("/dev/cpu/\(cpu)/msr", at: 0x34, count: 8) {
        snapshot.smi[cpu] = bytes[..<4].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
    }
    snapshot.bandwidth = bandwidth(of: threads)
    for tid in threads { snapshot.threads[tid] = thread(tid) }
    return snapshot
  }

  /// The counters of the cgroups of threads of this process, which may be in other groups than the
  /// process (cgroup v1, and v2 with threaded groups); number 0 is the process itself.
  public func bandwidth(of threads: [Int32]) -> [Int32: GroupBandwidth] {
    var known: [String: GroupBandwidth?] = [:]
    var found: [Int32: GroupBandwidth] = [:]
    for tid in [0] + threads {
      let path = tid == 0 ? "/proc/self/cgroup" : "/proc/self/task/\(tid)/cgroup"
      guard let list = files.text(path) else { continue }
      let groups = known[list] ?? GroupBandwidth(list, files)
      known[list] = groups
      found[tid] = groups
    }
    return found
  }

  /// Steal time of each CPU since boot: field 8 of the `cpuN` lines of /proc/stat, a clock tick's
  /// grain.
  public func steal() -> [Int: Nanoseconds] {
    let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
    let tick = ticks > 0 ? 1_000_000_000 / ticks : 10_000_000
    var found: [Int: Nanoseconds] = [:]
    for line in SystemFiles.lines(files.text("/proc/stat", limit: 8 << 20) ?? "") {
      guard line.hasPrefix("cpu") else { break }
      let fields = SystemFiles.fields(line)
      guard let cpu = fields.first.flatMap({ Int($0.dropFirst(3)) }), fields.count > 8,
        let value = Int64(fields[8])
      else { continue }
      let (time, overflow) = value.multipliedReportingOverflow(by: tick)
      if !overflow { found[cpu] = Nanoseconds(time) }
    }
    return found
  }

  private func thread(_ tid: Int32) -> CounterSnapshot.Thread? {
    let base = "/proc/self/task/\(tid)"
    guard let stat = files.text("\(base)/stat").flatMap({ TaskStat($0) }) else { return nil }
    var thread = CounterSnapshot.Thread(
      minorFaults: stat.minorFaults, majorFaults: stat.majorFaults, voluntarySwitches: nil,
      involuntarySwitches: nil)
    for line in SystemFiles.lines(files.text("\(base)/status") ?? "") {
      let fields = SystemFiles.fields(line)
      guard fields.count == 2 else { continue }
      if fields[0] == "voluntary_ctxt_switches:" { thread.voluntarySwitches = UInt64(fields[1]) }
      if fields[0] == "nonvoluntary_ctxt_switches:" {
        thread.involuntarySwitches = UInt64(fields[1])
      }
    }
    return thread
  }

  /// Rows of /proc/interrupts; the first line names the CPUs of the columns, rows without a column
  /// for each of them (`ERR`) are left out.
  static func interrupts(_ text: String) -> [CounterSnapshot.InterruptRow] {
    let lines = SystemFiles.lines(text)
    guard let header = lines.first else { return [] }
    let cpus = SystemFiles.fields(header).compactMap { word in
      word.hasPrefix("CPU") ? Int(word.dropFirst(3)) : nil
    }
    return lines.dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let fields = SystemFiles.fields(line[line.index(after: colon)...])
      guard !cpus.isEmpty, fields.count >= cpus.count else { return nil }
      var counts: [Int: UInt64] = [:]
      for (cpu, field) in zip(cpus, fields) {
        guard let count = UInt64(field) else { return nil }
        counts[cpu] = count
      }
      return CounterSnapshot.InterruptRow(
        name: SystemFiles.trim(line[..<colon]),
        text: fields.dropFirst(cpus.count).joined(separator: " "), counts: counts)
    }
  }
}
