import CRealtime
import TraceModel

/// The CPUs that this process may use.
enum Processors {
  /// Online CPUs of the process's affinity.
  static func available() -> CPUSet {
    var capacity = 1_024
    while capacity <= 65_536 {
      var cpus = [Int32](repeating: 0, count: capacity)
      let count = bt_get_affinity(&cpus, capacity)
      guard count >= 0 else { break }
      if count <= capacity { return CPUSet(cpus.prefix(count).map(Int.init)) }
      capacity = count
    }
    return CPUSet([0])
  }
}
