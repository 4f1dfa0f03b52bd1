internal import SystemPackage
internal import TraceModel

/// The processes of one injected fault, from the start of the measurement to its end.
final class Injection {
  private var waiting: [Fault]
  private var running: [RunningFault] = []
  private var scale: VerifyScale?
  private var pages: PageHold?
  /// Why the fault could not be made; nil where it could.
  private(set) var failure: String?

  /// Prepares the faults; nothing runs yet. With `pages` the measured thread's pages are held back
  /// for that long.
  init(_ faults: [Fault], pages: VerifyScale? = nil) {
    waiting = faults
    scale = pages
  }

  /// Starts what does not run yet; `measured` is the measured thread, 0 before there is one.
  func start(measured: Int32 = 0) {
    let faults = waiting
    waiting = []
    guard failure == nil else { return }
    for fault in faults {
      do throws(Errno) {
        running.append(try RunningFault(fault))
      } catch {
        failure = "cannot start process \(fault.name): \(error)"
      }
    }
    guard let scale, pages == nil, measured > 0 else { return }
    let hold = PageHold(
      target: measured, busy: scale.busy, period: scale.period, delay: VerifyFault.delay)
    pages = hold
    hold.start()
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
      failure =
        failure ?? fault.complaint.map { "process \(fault.name) \($0)" }
        ?? "process \(fault.name) ended with status \(status)"
    }
    let held = pages?.stop() ?? []
    failure = failure ?? pages?.failure
    pages = nil
    return (held + faults.flatMap { $0.entries() }).sorted { $0.span.start < $1.span.start }
  }
}

/// A process of a fault that can be kept in an array, with its record.
private final class RunningFault {
  let name: String
  private let log: FaultLog
  private var process: FaultProcess?

  init(_ fault: Fault) throws(Errno) {
    name = fault.name
    log = try FaultLog()
    process = try FaultProcess(fault, log: log)
  }

  /// Why it could not be made.
  var complaint: String? { log.complaint }

  /// Ends the process; its status as FaultProcess.wait() gives it.
  func stop() -> Int32 { process.take()?.stop() ?? 0 }

  func entries() -> [FaultLog.Entry] { log.entries() }
}
