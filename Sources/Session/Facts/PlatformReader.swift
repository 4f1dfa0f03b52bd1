import Analysis

/// Finds out what the kernel runs on: /proc/cpuinfo, DMI, the device tree, /sys/hypervisor, the
/// virtio bus.
///
/// A guest is seen by one positive sign. A physical machine takes two things: the place where a
/// hypervisor would show was readable and shows none, and the firmware names a physical machine.
/// Everything else stays unknown, so a container that hides the firmware, or a guest that hides its
/// hypervisor, is never taken for a physical machine.
struct PlatformReader {
  var files: SystemFiles

  /// What the kernel runs on.
  ///
  /// - Parameters:
  ///   - info: The first processor of /proc/cpuinfo.
  ///   - architecture: As `uname -m` names it, nil where it is not known.
  ///   - commandLine: /proc/cmdline
  func platform(
    _ info: CPUInfo, architecture: String?, commandLine: String?
  ) -> SystemContext.Platform {
    let evidence = Evidence(files, info, architecture, commandLine: commandLine)
    if let name = evidence.guestName { return .guest(name) }
    return evidence.isPhysical ? .bareMetal : .unknown
  }
}

/// What the places where a hypervisor shows contain.
private struct Evidence {
  private let files: SystemFiles
  private let info: CPUInfo
  private let commandLine: String
  private let isX86: Bool
  private let isARM: Bool
  /// The names that the firmware gives, in lower case; placeholders left out.
  private let firmware: [String]
  /// `compatible` and `model` of the device tree, in lower case.
  private let tree: String

  init(
    _ files: SystemFiles, _ info: CPUInfo, _ architecture: String?, commandLine: String?
  ) {
    self.files = files
    self.info = info
    self.commandLine = commandLine?.lowercased() ?? ""
    // Only x86 writes `flags`; arm64 writes `Features` there and has no flag for a hypervisor.
    isX86 = !(info["flags"] ?? "").isEmpty
    isARM =
      architecture.map { $0.hasPrefix("aarch64") || $0.hasPrefix("arm") }
      ?? (info["CPU implementer"] != nil)
    firmware = ["sys_vendor", "product_name", "board_vendor", "bios_vendor"].compactMap {
      files.line("/sys/class/dmi/id/\($0)")?.lowercased()
    }.filter { word in !Self.placeholders.contains { word == $0 } }
    tree = Self.treeRoots.flatMap { root in
      ["compatible", "model"].compactMap { files.line("\(root)/\($0)")?.lowercased() }
    }.joined(separator: " ")
  }

  // MARK: a guest

  /// The hypervisor's name, empty for one that gives none; nil where nothing shows a hypervisor.
  var guestName: String? {
    if let type = files.line("/sys/hypervisor/type"), !type.isEmpty {
      return type == "xen" ? "Xen" : type
    }
    return firmwareName ?? treeName ?? flagName ?? virtioName
  }

  /// The name that the firmware gives, where that cannot be a physical machine's.
  private var firmwareName: String? {
    for (word, name) in Self.names where firmware.contains(where: { $0.contains(word) }) {
      // A physical machine of the same vendor has no flag; firmware of a guest is never sold alone.
      guard Self.alsoPhysical.contains(name) else { return name }
      if info.has("hypervisor") || isARM && !isMetalInstance { return name }
    }
    return nil
  }

  /// Clouds lease whole machines under the vendor's name too: `m7g.metal`.
  private var isMetalInstance: Bool {
    firmware.contains { $0.contains(".metal") || $0.contains("-metal") }
  }

  /// A node of the hypervisor, or a tree that was made up for a guest.
  private var treeName: String? {
    for root in Self.treeRoots {
      guard let node = files.line("\(root)/hypervisor/compatible") else { continue }
      return node.contains("kvm") ? "KVM" : node.contains("xen") ? "Xen" : ""
    }
    if tree.contains("qemu") { return "QEMU" }
    if tree.contains("xen,xenvm") { return "Xen" }
    guard tree.contains("dummy-virt") else { return nil }
    // The virtual board of QEMU is also that of kvmtool, Firecracker and Cloud Hypervisor.
    if commandLine.contains("firecracker") { return "Firecracker" }
    let isQEMU = Self.treeRoots.contains { root in
      files.names(root).contains { $0.hasPrefix("fw-cfg@") }
    }
    return isQEMU ? "QEMU" : ""
  }

  /// The cpuid flag that hypervisors set; the clocks that the kernel found give the name.
  private var flagName: String? {
    guard info.has("hypervisor") else { return nil }
    if commandLine.contains("firecracker") { return "Firecracker" }
    let sources = SystemFiles.lines(
      files.line("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "")
    let clocks = sources.first.map { SystemFiles.fields($0) } ?? []
    if clocks.contains("kvm-clock") { return "KVM" }
    if clocks.contains(where: { $0.hasPrefix("hyperv") }) { return "Hyper-V" }
    if clocks.contains("xen") { return "Xen" }
    return ""
  }

  /// A virtio device is a guest's, but physical machines have them too: network cards that emulate
  /// virtio, which is why the firmware of a physical machine leaves it open.
  private var virtioName: String? { hasVirtio && !namesMachine ? "" : nil }

  private var hasVirtio: Bool {
    let base = "/sys/bus/virtio/devices"
    return files.names(base).contains { name in
      // A system on chip talks to its other processors by virtio (VIRTIO_ID_RPMSG, 7).
      files.line("\(base)/\(name)/device").map { $0 != "0x0007" } ?? true
    }
  }

  // MARK: a physical machine

  /// Whether it was looked at and no hypervisor seen.
  var isPhysical: Bool {
    guard namesMachine, !hasVirtio else { return false }
    // Kernels with CONFIG_SYS_HYPERVISOR have the directory on every machine. Without a hypervisor
    // it is empty.
    return files.names("/sys/hypervisor").isEmpty
  }

  /// Whether firmware or device tree name a physical machine, on an architecture where that decides
  /// it.
  private var namesMachine: Bool {
    if isX86 {
      guard !info.has("hypervisor"), !firmware.isEmpty else { return false }
      return isMetalInstance
        || !firmware.contains { word in
          Self.names.contains { word.contains($0.word) } || word.contains("virtual")
        }
    }
    guard isARM else { return false }
    if isMetalInstance { return true }
    // Without a flag a cloud's own name does not say what the machine is.
    return !(firmware.isEmpty && tree.isEmpty)
      && !(firmware + [tree]).contains { word in
        Self.names.contains { word.contains($0.word) }
          || ["virt", "vserver", "cloud", "hypervisor"].contains { word.contains($0) }
      }
  }

  // MARK: tables

  /// /proc/device-tree is a link to the first one, and a container may hide either.
  private static let treeRoots = ["/sys/firmware/devicetree/base", "/proc/device-tree"]

  private static let placeholders: Set<String> = [
    "", "unknown", "unknown product", "not specified", "none", "n/a",
  ]

  private static let names: [(word: String, name: String)] = [
    ("firecracker", "Firecracker"), ("cloud hypervisor", "Cloud Hypervisor"), ("qemu", "QEMU"),
    ("bochs", "QEMU"), ("rhev", "KVM"), ("openstack", "KVM"), ("kubevirt", "KVM"), ("kvm", "KVM"),
    ("vmware", "VMware"), ("virtualbox", "VirtualBox"), ("innotek", "VirtualBox"),
    ("parallels", "Parallels"), ("bhyve", "bhyve"), ("xen", "Xen"),
    ("apple virtualization", "Apple Virtualization"),
    ("google compute engine", "KVM"), ("amazon ec2", "Nitro"), ("digitalocean", "KVM"),
    ("virtual machine", "Hyper-V"),
  ]

  /// Vendors whose DMI text is on physical machines too.
  private static let alsoPhysical: Set<String> = ["Nitro", "Xen", "KVM"]
}
