internal import SystemPackage
internal import TraceModel

/// The processes of one injected fault, from the start of the measurement to its end.
final class Injection {
  private var waiting: [Fault]
  private var running: [RunningFault] = []
  private var copy: ProgramCopy?
  /// Why the fault could not be made; nil where it could.
  private(set) var failure: String?

  /// Prepares the faults; nothing runs yet.
  init(_ faults: [Fault]) {
    waiting = faults
    guard faults.contains(where: { $0.kind == .pageOut }) else { return }
    do throws(Errno) {
      copy = try ProgramCopy()
    } catch {
      failure = "cannot copy the program into memory: \(error)"
    }
  }

  /// Starts what does not run yet.
  func start() {
    let faults = waiting
    waiting = []
    guard failure == nil else { return }
    for fault in faults {
      do throws(Errno) {
        running.append(try RunningFault(fault, executable: executable(fault)))
      } catch {
        failure = "cannot start process \(fault.name): \(error)"
      }
    }
  }

  private func executable(_ fault: Fault) -> String {
    guard fault.kind == .pageOut, copy != nil else { return "/proc/self/exe" }
    return copy?.path ?? "/proc/self/exe"
  }

  /// Ends all and gives what they recorded, in order of time.
  func stop() -> [FaultLog.Entry] {
    waiting = []
    let faults = running
    running = []
    for fault in faults {
      let status = fault.stop()
      // Killed by stop(), by a signal to the whole group, or over just before.
      guard status < 128, status != 0 else { continue }
      failure = failure ?? "process \(fault.name) ended with status \(status), see its error"
    }
    return faults.flatMap { $0.entries() }.sorted { $0.span.start < $1.span.start }
  }
}

/// A process of a fault that can be kept in an array, with its record.
private final class RunningFault {
  let name: String
  private let log: FaultLog
  private var process: FaultProcess?

  init(_ fault: Fault, executable: String) throws(Errno) {
    name = fault.name
    log = try FaultLog()
    process = try FaultProcess(fault, executable: executable, log: log)
  }

  /// Ends the process; its status as FaultProcess.wait() gives it.
  func stop() -> Int32 { process.take()?.stop() ?? 0 }

  func entries() -> [FaultLog.Entry] { log.entries() }
}
