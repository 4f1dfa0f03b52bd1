/// Whether tracers can really be had: the kernel lists some that it then refuses.
public enum TracerTrial {
  /// What came of a tracer.
  public enum Result: Hashable, Sendable {
    /// It was set and read back.
    case works
    /// The kernel refused it.
    case refused(TracefsError)
    /// It was not tried because of what runs already, in words: the attempt would blind that one.
    case inUse(String)
  }

  /// Sets each tracer in a separate instance that is switched off, and removes that again.
  ///
  /// Setting a tracer patches kernel code: never while measuring.
  ///
  /// - Parameters:
  ///   - tracers: Their names.
  ///   - root: Where tracefs is.
  ///   - run: The run that the instance is named after.
  ///   - files: Access to the files.
  /// - Throws: the instance could not be made or removed.
  public static func run(
    _ tracers: [String], root: TracefsRoot, run: RunIdentity, files: ControlFiles = ControlFiles()
  ) throws(TracefsError) -> [String: Result] {
    let name = InstanceName(run: run, suffix: InstanceName.probeSuffix).text
    let directory = root.instance(name)
    try files.makeDirectory(directory)
    var results: [String: Result] = [:]
    for tracer in tracers {
      results[tracer] = attempt(tracer, directory, name, root, files)
    }
    let report = InstanceRemoval.remove(directory, files: files)
    if let leftover = report.leftovers.first {
      throw TracefsError(.removeDirectory, path: leftover.path, hint: leftover.reason)
    }
    return results
  }

  private static func attempt(
    _ tracer: String, _ directory: String, _ name: String, _ root: TracefsRoot,
    _ files: ControlFiles
  ) -> Result {
    if let holder = TracerFamily.holder(of: tracer, in: root, except: name, files: files) {
      return .inUse(holder)
    }
    let path = "\(directory)/current_tracer"
    do {
      // Off first: an instance starts recording as soon as it is made, and function tracing costs
      // everybody.
      try files.write("0", to: "\(directory)/tracing_on")
      if files.exists("\(directory)/options/function-trace") {
        try files.write("0", to: "\(directory)/options/function-trace")
      }
      try files.write(tracer, to: path)
      let got = try files.value(path)
      try files.write("nop", to: path)
      guard got == tracer else {
        return .refused(
          TracefsError(
            .write, path: path, value: tracer,
            hint: "the kernel accepted it, but runs \(got)"))
      }
      return .works
    } catch {
      return .refused(error)
    }
  }
}
