internal import TraceModel
internal import Tracefs

/// The session's hold on tracefs: root, journal, guardian and the armed instance.
final class TracingControl {
  let root: TracefsRoot
  let journal: Journal
  let run: RunIdentity
  private let guardian: Guardian?
  private(set) var instance: ArmedInstance?
  /// The instance of the tracer, nil where none was asked for or it was refused and may be missing.
  private(set) var tracer: ArmedInstance?
  /// The guardian's process id, nil where there is none.
  var guardianPID: Int32? { guardian?.pid }
  /// Why there is no guardian.
  let guardianRemark: String?

  /// Finds tracefs (mounting it where needed), removes what dead runs left, and starts the
  /// guardian.
  init() throws(SessionError) {
    do throws(TracefsError) {
      run = try RunIdentity.current()
      journal = Journal(run: run)
      root = try TracefsRoot.findOrMount(journal: journal)
    } catch {
      throw .arming(error)
    }
    _ = Disarm.run(root: root)
    do {
      guardian = try Guardian.start(
        arguments: Guardian.arguments(run: run, root: root, journalDirectory: journal.directory))
      guardianRemark = nil
    } catch {
      guardian = nil
      guardianRemark = "\(error)"
    }
  }

  /// Arms the instance of this run.
  func arm(_ plan: ArmingPlan) throws(SessionError) -> ArmedInstance {
    do throws(TracefsError) {
      let armed = try ArmedInstance(
        plan, name: InstanceName(run: run), root: root, journal: journal)
      instance = armed
      return armed
    } catch {
      throw .arming(error)
    }
  }

  /// Arms the second instance, in which a tracer runs; nil where it was refused and may be missing.
  ///
  /// - Parameters:
  ///   - plan: The tracer.
  ///   - threshold: The threshold.
  ///   - cpus: The CPUs that are measured, nil where a thread may run on any.
  ///   - remark: Gets the reason where an optional tracer was refused.
  func arm(
    _ plan: TracerPlan, threshold: Nanoseconds, cpus: CPUSet?, remark: (String) -> Void
  ) throws(SessionError) -> ArmedInstance? {
    let online = ProcText.read("/sys/devices/system/cpu/online").flatMap { CPUSet(list: $0) }
    let arming = plan.arming(threshold: threshold, measured: cpus, online: online ?? CPUSet([]))
    do throws(TracefsError) {
      let armed = try ArmedInstance(
        arming, name: InstanceName(run: run, suffix: InstanceName.tracerSuffix), root: root,
        journal: journal)
      tracer = armed
      return armed
    } catch {
      guard plan.isOptional else { throw .arming(error) }
      remark("continuing with events only: \(error)")
      return nil
    }
  }

  /// Disarms, restores and dismisses the guardian; what could not be restored comes back, one line
  /// each.
  func end() -> [String] {
    var report = DisarmReport()
    if let tracer { report.add(tracer.disarm()) }
    if let instance { report.add(instance.disarm()) }
    report.restored += journal.restoreAll()
    guardian?.dismiss()
    return report.isClean
      ? []
      : report.leftovers.map { "\($0.path): \($0.reason)" }
        + report.restored.filter { !$0.isSettled }.map(\.description)
  }
}
