internal import Tracefs

/// The session's hold on tracefs: root, journal, guardian and the armed instance.
final class TracingControl {
  let root: TracefsRoot
  let journal: Journal
  let run: RunIdentity
  private let guardian: Guardian?
  private(set) var instance: ArmedInstance?
  /// Why there is no guardian.
  let guardianRemark: String?

  /// Finds tracefs (mounting it where needed), removes what dead runs left, and starts the guardian.
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

  /// Disarms, restores and dismisses the guardian; what could not be restored comes back, one line each.
  func end() -> [String] {
    var report = DisarmReport()
    if let instance { report.add(instance.disarm()) }
    report.restored += journal.restoreAll()
    guardian?.dismiss()
    return report.isClean
      ? []
      : report.leftovers.map { "\($0.path): \($0.reason)" }
        + report.restored.filter { !$0.isSettled }.map(\.description)
  }
}
