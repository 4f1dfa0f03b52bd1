internal import SystemPackage
public import TraceModel
public import Tracefs

/// Reads what surrounds a spike: topology and frequencies before it, clock, tracers and debuggers
/// after it.
public struct SurroundingsCollector: Sendable {
  /// Where it reads.
  public var files: SystemFiles

  /// Reads through `files`; tests pass a tree of their choice.
  public init(_ files: SystemFiles = SystemFiles()) {
    self.files = files
  }

  /// What does not change in a run; `log` is the kernel's log as it is now.
  public func start(online: CPUSet, log: KernelLog?) -> Surroundings {
    var found = Surroundings()
    found.logSequence = log.map { $0.lastSequence ?? 0 }
    let base = "/sys/devices/system/cpu"
    var siblings: [Int: CPUSet] = [:]
    for cpu in online.cpus {
      if let all = files.line("\(base)/cpu\(cpu)/topology/thread_siblings_list").flatMap({
        CPUSet(list: $0)
      }) {
        siblings[cpu] = CPUSet(all.cpus.filter { $0 != cpu })
      }
      let folder = "\(base)/cpu\(cpu)/cpufreq"
      let nominal: UInt32? =
        files.number("\(folder)/base_frequency") ?? files.number("\(folder)/cpuinfo_max_freq")
      if let nominal, nominal > 0 { found.nominalKilohertz[cpu] = nominal }
    }
    if !siblings.isEmpty { found.siblings = siblings }
    return found
  }

  /// The same with what is true at a spike.
  ///
  /// - Parameters:
  ///   - before: What `start` found.
  ///   - log: The kernel's log as it is now.
  ///   - others: Others that trace, see `others(root:run:tracesFunctions:files:)`.
  public func hit(_ before: Surroundings, log: KernelLog?, others: [String]?) -> Surroundings {
    var found = before
    if let sequence = before.logSequence, let log {
      found.clockTrouble = log.clockTrouble(after: sequence) ?? ""
    }
    found.otherTracing = others
    found.ptracer = ptracer
    return found
  }

  /// TracerPid of this process: strace or a debugger that stops it at each system call or signal.
  private var ptracer: Int32? {
    for line in SystemFiles.lines(files.text("/proc/self/status") ?? "") {
      let fields = SystemFiles.fields(line)
      if fields.first == "TracerPid:", fields.count == 2 { return Int32(fields[1]) }
    }
    return nil
  }

  /// Others that trace this kernel, one line each; nil where tracefs does not show them.
  ///
  /// - Parameters:
  ///   - root: Where tracefs is.
  ///   - run: The own run, whose instances are none of them.
  ///   - tracesFunctions: Whether the run itself has functions traced, which count as anybody's.
  ///   - access: Access to the files.
  public static func others(
    root: TracefsRoot, run: RunIdentity, tracesFunctions: Bool, files access: ControlFiles
  ) -> [String]? {
    do throws(TracefsError) {
      let users = try TracefsStatus.read(root: root, files: access).users(
        besides: run, countsFunctions: !tracesFunctions)
      return users + probes(root, access)
    } catch {
      return nil
    }
  }

  /// Dynamic events that somebody defined; they are enabled in an instance, or by perf and BPF
  /// without one.
  private static func probes(_ root: TracefsRoot, _ access: ControlFiles) -> [String] {
    ["kprobe_events", "uprobe_events"].compactMap { name in
      guard let text = try? access.text(root.file(name)) else { return nil }
      let count = text.split(separator: "\n").count { !$0.hasPrefix("#") }
      return count > 0 ? "\(count) probes in \(name)" : nil
    }
  }
}
