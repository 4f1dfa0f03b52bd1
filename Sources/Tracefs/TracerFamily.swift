/// Tracers of which the kernel runs only one at a time in all instances together.
enum TracerFamily {
  static let irqsOff: Set<String> = ["irqsoff", "preemptoff", "preemptirqsoff"]
  static let wakeup: Set<String> = ["wakeup", "wakeup_rt", "wakeup_dl"]
  /// osnoise and timerlat share their state; each may run in several instances, not both together.
  static let noise: Set<String> = ["osnoise", "timerlat"]

  static let hardware: Set<String> = ["hwlat"]

  /// The family of a tracer, empty for one that has none.
  static func of(_ tracer: String) -> Set<String> {
    [irqsOff, wakeup, hardware].first { $0.contains(tracer) } ?? []
  }

  /// Who runs a tracer that excludes `tracer`, in words; nil for nobody.
  ///
  /// Looked up before any attempt: a refused attempt leaves the one that runs without its hooks.
  static func holder(
    of tracer: String, in root: TracefsRoot, except own: String? = nil, files: ControlFiles
  ) -> String? {
    let family = of(tracer)
    if family.isEmpty && !noise.contains(tracer) { return nil }
    for (name, running) in running(in: root, files: files) where name != own {
      let isExcluded =
        family.contains(running)
        || (noise.contains(tracer) && noise.contains(running) && running != tracer)
      if isExcluded {
        return "\(running) runs in \(name.map { "instance \($0)" } ?? "the top level of tracefs")"
      }
    }
    return nil
  }

  /// The tracer of the top level (nil) and of each instance.
  static func running(in root: TracefsRoot, files: ControlFiles) -> [(String?, String)] {
    var found: [(String?, String)] = []
    for name in [nil] + ((try? root.instances(files: files)) ?? []).map(Optional.some) {
      // An instance may be gone since the directory was read.
      guard let tracer = try? files.value("\(root.directory(name))/current_tracer") else {
        continue
      }
      found.append((name, tracer))
    }
    return found
  }
}
