internal import SystemPackage

/// The file with the definitions of synthetic events, which all instances share. Only lines with
/// our own names are touched.
enum SyntheticEvents {
  /// Its name at tracefs' top level.
  static let file = "synthetic_events"

  /// Whether an event of that name is defined.
  static func isDefined(
    _ name: String, in path: String, _ files: ControlFiles
  ) throws(TracefsError) -> Bool {
    try files.text(path).split(separator: "\n").contains { line in
      line.split(maxSplits: 1, whereSeparator: { $0 == "\t" || $0 == " " }).first.map(String.init)
        == name
    }
  }

  /// Removes a definition and makes sure of it; the kernel refuses while a trigger or an instance
  /// uses the event.
  static func remove(
    _ name: String, from path: String, _ files: ControlFiles
  ) -> RestoreOutcome.Result {
    do throws(TracefsError) {
      guard try isDefined(name, in: path, files) else { return .unchanged }
      try files.append("!\(name)", to: path)
      guard try isDefined(name, in: path, files) else { return .restored("without \(name)") }
      return .failed(
        TracefsError(
          .write, path: path, value: "!\(name)",
          hint: "the kernel accepted it, but still lists the event"))
    } catch {
      // Without the file there is no definition either.
      return error.errno == .noSuchFileOrDirectory ? .unchanged : .failed(error)
    }
  }
}
