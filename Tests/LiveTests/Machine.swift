import Glibc

/// What the live tests need of the machine.
enum Machine {
  /// Why the live tests cannot run here, nil where they can.
  static let obstacle: String? = {
    if geteuid() != 0 { return "needs root" }
    if access("/sys/kernel/tracing/trace_clock", R_OK) != 0,
      mount("nodev", "/sys/kernel/tracing", "tracefs", 0, nil) != 0
    {
      return "needs tracefs"
    }
    return nil
  }()

  static var isUsable: Bool { obstacle == nil }

  /// Whether no tracer of this kernel is one that a step of --escalate asks for.
  static var hasNothingToEscalateTo: Bool {
    let useful: Set<Substring> = [
      "irqsoff", "preemptoff", "preemptirqsoff", "wakeup", "wakeup_rt", "wakeup_dl", "hwlat",
      "function_graph",
    ]
    return useful.isDisjoint(
      with: text("/sys/kernel/tracing/available_tracers").split(whereSeparator: \.isWhitespace))
  }

  /// The names of all instances.
  static func instances() -> [String] {
    guard let directory = opendir("/sys/kernel/tracing/instances") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// The text of a file of /proc, whose size is not known before it is read.
  static func text(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = fread(&chunk, 1, chunk.count, file)
      if got == 0 { break }
      bytes += chunk[..<got]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
