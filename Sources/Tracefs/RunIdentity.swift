internal import CTracing
internal import Glibc
internal import SystemPackage

/// A process by its id and its start, so that a recycled id is never taken for it.
public struct RunIdentity: Hashable, Sendable {
  /// The process id.
  public var pid: Int32
  /// Its start in clock ticks since boot: field 22 of /proc/PID/stat.
  public var startTime: UInt64

  /// Memberwise.
  public init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }

  /// The identity of this process.
  public static func current(files: ControlFiles = ControlFiles()) throws(TracefsError)
    -> RunIdentity
  {
    try of(pid: getpid(), files: files)
  }

  /// The identity of the process that has `pid` now.
  public static func of(pid: Int32, files: ControlFiles = ControlFiles()) throws(TracefsError)
    -> RunIdentity
  {
    let path = "\(files.proc)/\(pid)/stat"
    guard let stat = Stat(try files.text(path)) else {
      throw TracefsError(.read, path: path, hint: "the format is not that of proc(5)")
    }
    return RunIdentity(pid: pid, startTime: stat.startTime)
  }

  /// Whether the process still runs.
  ///
  /// False where the id belongs to nobody, to a later process, or to a zombie without threads; true
  /// where the system does not report it.
  public func isAlive(files: ControlFiles = ControlFiles()) -> Bool {
    let text: String
    do {
      text = try files.text("\(files.proc)/\(pid)/stat")
    } catch {
      return error.errno != .noSuchFileOrDirectory && error.errno != .noSuchProcess
    }
    guard let stat = Stat(text) else { return true }
    guard stat.startTime == startTime else { return false }
    guard stat.state == "Z" || stat.state == "X" || stat.state == "x" else { return true }
    // A leader that ended before its threads is a zombie too, while the process lives on.
    return ((try? files.list("\(files.proc)/\(pid)/task"))?.count ?? 0) > 1
  }

  /// The fields of /proc/PID/stat that are used.
  private struct Stat {
    var state: String
    var startTime: UInt64

    init?(_ text: String) {
      // The name in brackets may hold anything, brackets and blanks included.
      guard let bracket = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: bracket)...].split(separator: " ")
      guard fields.count > 19, let start = UInt64(fields[19]) else { return nil }
      state = String(fields[0])
      startTime = start
    }
  }
}
