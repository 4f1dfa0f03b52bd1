public import TraceModel

/// What is to be injected and how often.
public struct VerifyPlan: Sendable {
  /// The faults, in order.
  public var faults: [VerifyFault] = VerifyFault.allCases
  /// Spikes of each, above 0.
  public var rounds = 3
  /// The CPUs that this process may use.
  public var cpus: CPUSet
  /// The CPU that is measured, one of `cpus`.
  public var cpu: Int
  /// Where bundles are kept, nil for nowhere.
  public var outputDirectory: String?
  /// Version for reports.
  public var version: String
  /// The command line for reports.
  public var commandLine: String

  /// Makes the plan of all faults.
  public init(cpus: CPUSet, cpu: Int, version: String, commandLine: String) {
    self.cpus = cpus
    self.cpu = cpu
    self.version = version
    self.commandLine = commandLine
  }
}
