import Session
import TraceModel

/// The machine's memory nodes, from /sys/devices/system/node.
struct NUMANodes {
  /// The CPUs of each node, by its number.
  let nodes: [Int: CPUSet]

  /// Reads them; none where the kernel has no nodes.
  init(_ files: SystemFiles = SystemFiles()) {
    let directory = "/sys/devices/system/node"
    var found: [Int: CPUSet] = [:]
    for name in files.names(directory) where name.hasPrefix("node") {
      guard let number = Int(name.dropFirst(4)),
        let set = files.line("\(directory)/\(name)/cpulist").flatMap({ CPUSet(list: $0) })
      else { continue }
      found[number] = set
    }
    nodes = found
  }

  /// The node of a CPU, nil where none has it.
  func node(of cpu: Int) -> Int? {
    nodes.first { $0.value.contains(cpu) }?.key
  }
}
