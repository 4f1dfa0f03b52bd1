import Glibc
import Synchronization
import SystemPackage

@testable import Tracefs

/// A made-up tracefs and procfs in a separate directory, with an interceptor that plays the kernel:
/// making an instance fills it, removing one empties it, and any access can be made to fail.
final class FakeTracefs: Sendable {
  struct State: Sendable {
    var accesses: [FileAccess] = []
    var failure: (index: Int, errno: Errno)?
    var refusals: [FileAccess: Errno] = [:]
    /// A tracefs seems mounted at the fake's root while set.
    var mounts: [String] = []
  }

  let base: String
  private let state = Mutex(State())
  var path: String { "\(base)/tracing" }
  var root: TracefsRoot { TracefsRoot(path: path) }
  var journalDirectory: String { "\(base)/run" }
  var proc: String { "\(base)/proc" }

  static let events: [(String, [String])] = [
    ("sched", ["sched_switch", "sched_waking", "sched_wakeup"]),
    ("timer", ["hrtimer_start"]), ("exceptions", ["page_fault_user"]),
  ]

  init(clocks: String = "[local] global mono") {
    var template = Array(
      "\(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")/tfs.XXXXXX".utf8CString)
    base = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp/tfs.failed"
    }
    fill(path, clocks: clocks)
    // A kernel without them has them nowhere; most tests are about instances.
    unlink("\(path)/snapshot")
    unlink("\(path)/tracing_max_latency")
    mkdir("\(path)/instances", 0o700)
    put("\(path)/tracing_thresh", "0\n")
    put("\(path)/saved_cmdlines", "12 a b\n13 <...>\nx\n")
    put("\(path)/printk_formats", "")
    put("\(path)/available_tracers", "irqsoff function nop\n")
    put(
      "\(path)/available_events",
      Self.events.flatMap { system, names in names.map { "\(system):\($0)\n" } }.joined())
    put("\(path)/trace_options", "print-parent\nnostacktrace\nfunction-trace\n")
    put(
      "\(path)/events/sched/sched_waking/trigger",
      "# Available triggers:\n# traceon traceoff stacktrace hist\n")
    for directory in ["", "/self", "/sys", "/sys/kernel", "/sys/kernel/random"] {
      mkdir(proc + directory, 0o700)
    }
    put("\(proc)/sys/kernel/random/boot_id", "boot-1\n")
    put("\(proc)/filesystems", "nodev\tproc\nnodev\ttracefs\n\text4\n")
    put("\(proc)/meminfo", "MemTotal: 100 kB\nMemAvailable:    4321 kB\n")
    put("\(proc)/self/mounts", "nodev \(path) tracefs rw 0 0\n")
  }

  deinit { Self.remove(base) }

  /// What the kernel puts into an instance.
  private func fill(_ directory: String, clocks: String) {
    mkdir(directory, 0o700)
    for (name, text) in [
      ("tracing_on", "1\n"), ("current_tracer", "nop\n"), ("trace_clock", clocks + "\n"),
      ("buffer_size_kb", "1408\n"), ("tracing_cpumask", "3\n"), ("set_event", ""),
      ("set_event_pid", ""), ("trace", ""), ("trace_marker", ""), ("error_log", ""),
      ("snapshot", "0\n"), ("tracing_max_latency", "0\n"),
    ] { put("\(directory)/\(name)", text) }
    mkdir("\(directory)/options", 0o700)
    put("\(directory)/options/function-trace", "1\n")
    put("\(directory)/options/stacktrace", "0\n")
    mkdir("\(directory)/per_cpu", 0o700)
    for cpu in 0...1 {
      mkdir("\(directory)/per_cpu/cpu\(cpu)", 0o700)
      put("\(directory)/per_cpu/cpu\(cpu)/stats", "entries: \(cpu)\n")
      put("\(directory)/per_cpu/cpu\(cpu)/trace_pipe_raw", "")
    }
    mkdir("\(directory)/events", 0o700)
    put("\(directory)/events/enable", "0\n")
    for (system, names) in Self.events {
      mkdir("\(directory)/events/\(system)", 0o700)
      for name in names {
        let event = "\(directory)/events/\(system)/\(name)"
        mkdir(event, 0o700)
        for (file, text) in [
          ("enable", "0\n"), ("filter", "none\n"), ("trigger", ""), ("format", "name: \(name)\n"),
        ] { put("\(event)/\(file)", text) }
      }
    }
  }

  /// The files as the code under test gets them.
  func files(isRoot: Bool = true) -> ControlFiles {
    ControlFiles(proc: proc, security: "\(base)/security", isRoot: isRoot) { [self] access in
      let refusal = state.withLock { state -> Errno? in
        state.accesses.append(access)
        if let failure = state.failure, failure.index == state.accesses.count - 1 {
          return failure.errno
        }
        return state.refusals[access]
      }
      if let refusal { return .fail(refusal) }
      let isInstance = access.path.hasPrefix("\(path)/instances/")
      switch access.operation {
      case .makeDirectory where isInstance:
        if self.exists(access.path) { return .fail(.fileExists) }
        fill(access.path, clocks: "[local] global mono")
        return .handled
      case .removeDirectory where isInstance:
        if !self.exists(access.path) { return .fail(.noSuchFileOrDirectory) }
        Self.remove(access.path)
        return .handled
      case .mount, .unmount:
        state.withLock { $0.mounts.append("\(access.operation) \(access.path)") }
        return .handled
      default: return .proceed
      }
    }
  }

  /// Looks at or changes what is recorded and what fails.
  @discardableResult func update<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
    state.withLock { state in
      var copy = state
      let value = body(&copy)
      state = copy
      return value
    }
  }

  /// Makes a process that runs by the fake procfs.
  func addProcess(_ run: RunIdentity, state: String = "S") {
    mkdir("\(proc)/\(run.pid)", 0o700)
    mkdir("\(proc)/\(run.pid)/task", 0o700)
    mkdir("\(proc)/\(run.pid)/task/\(run.pid)", 0o700)
    let zeros = [String](repeating: "0", count: 18).joined(separator: " ")
    put("\(proc)/\(run.pid)/stat", "\(run.pid) (a) b) \(state) \(zeros) \(run.startTime) 0 0\n")
  }

  func removeProcess(_ run: RunIdentity) { Self.remove("\(proc)/\(run.pid)") }

  func journal(_ run: RunIdentity) -> Journal {
    Journal(run: run, directory: journalDirectory, files: files())
  }

  func put(_ path: String, _ text: String) {
    guard let file = fopen(path, "w") else { return }
    fputs(text, file)
    fclose(file)
  }

  func get(_ path: String) -> String { (try? ControlFiles().value(path)) ?? "?" }
  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Every file below the tracefs and the journals with its text.
  func snapshot() -> [String: String] {
    var found: [String: String] = [:]
    var open = [path, journalDirectory]
    while let directory = open.popLast() {
      for name in (try? ControlFiles().list(directory)) ?? [] {
        let path = "\(directory)/\(name)"
        var info = stat()
        guard stat(path, &info) == 0 else { continue }
        if info.st_mode & S_IFMT == S_IFDIR {
          found[path] = "directory"
          open.append(path)
        } else {
          found[path] = get(path)
        }
      }
    }
    return found
  }

  /// The files that differ from a snapshot, as `name: before -> now`.
  func difference(_ before: [String: String]) -> [String] {
    let now = snapshot()
    return Set(before.keys).union(now.keys).filter { before[$0] != now[$0] }.sorted().map {
      "\($0.dropFirst(base.count)): \(before[$0] ?? "-") -> \(now[$0] ?? "-")"
    }
  }

  /// Makes the access with this number, counted from now, fail.
  func fail(access number: Int, _ errno: Errno = .ioError) {
    update {
      $0.accesses = []
      $0.failure = (number, errno)
    }
  }

  /// Makes nothing fail any more.
  ///
  /// - Returns: the access that failed, nil where it never came to it.
  func endFailure() -> FileAccess? {
    update { state in
      let index = state.failure?.index ?? .max
      state.failure = nil
      return index < state.accesses.count ? state.accesses[index] : nil
    }
  }

  private static func remove(_ path: String) {
    for name in (try? ControlFiles().list(path)) ?? [] { remove("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }
}

/// A run that no fake or real procfs knows.
func makeRun(_ pid: Int32, _ start: UInt64 = 77) -> RunIdentity {
  RunIdentity(pid: pid, startTime: start)
}

extension FakeTracefs {
  /// What the fake's own interceptor says, for tests that add one of theirs.
  func fakeInterception(_ access: FileAccess) -> ControlFiles.Interception {
    do {
      try files().makeDirectory(access.path)
      return .handled
    } catch {
      return .fail(error.errno ?? .ioError)
    }
  }
}

extension FakeTracefs {
  /// Removes an instance as the fake's own interceptor does, for tests that add one of theirs.
  func fakeRemoval(_ access: FileAccess, _ files: ControlFiles) -> ControlFiles.Interception {
    do {
      try files.removeDirectory(access.path)
      return .handled
    } catch {
      return .fail(error.errno ?? .ioError)
    }
  }
}
