/// Finds out whether this is a guest, and of what.
struct HypervisorReader {
  var files: SystemFiles

  /// The hypervisor's name, empty for one that does not tell it, nil on bare metal.
  func name(_ info: CPUInfo, commandLine: String?) -> String? {
    if let type = files.line("/sys/hypervisor/type"), !type.isEmpty {
      return type == "xen" ? "Xen" : type
    }
    let words = ["sys_vendor", "product_name", "bios_vendor"].compactMap {
      files.line("/sys/class/dmi/id/\($0)")
    }
    for (word, name) in Self.names {
      if words.contains(where: { $0.lowercased().contains(word) }) {
        // A physical machine of the same vendor has no flag; firmware of a guest is never sold alone.
        if !Self.alsoPhysical.contains(name) || info.has("hypervisor") { return name }
      }
    }
    if let tree = files.line("/sys/firmware/devicetree/base/hypervisor/compatible") {
      return tree.contains("kvm") ? "KVM" : tree.contains("xen") ? "Xen" : ""
    }
    guard info.has("hypervisor") else { return nil }
    if commandLine?.lowercased().contains("firecracker") ?? false { return "Firecracker" }
    let sources = SystemFiles.lines(
      files.line("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "")
    let clocks = sources.first.map { SystemFiles.fields($0) } ?? []
    if clocks.contains("kvm-clock") { return "KVM" }
    if clocks.contains(where: { $0.hasPrefix("hyperv") }) { return "Hyper-V" }
    if clocks.contains("xen") { return "Xen" }
    return ""
  }

  private static let names: [(word: String, name: String)] = [
    ("firecracker", "Firecracker"), ("cloud hypervisor", "Cloud Hypervisor"), ("qemu", "QEMU"),
    ("bochs", "QEMU"), ("rhev", "KVM"), ("openstack", "KVM"), ("kvm", "KVM"),
    ("vmware", "VMware"), ("virtualbox", "VirtualBox"), ("innotek", "VirtualBox"),
    ("parallels", "Parallels"), ("bhyve", "bhyve"), ("xen", "Xen"),
    ("google compute engine", "KVM"), ("amazon ec2", "Nitro"), ("digitalocean", "KVM"),
    ("virtual machine", "Hyper-V"),
  ]

  /// Vendors whose DMI text stands on physical machines too.
  private static let alsoPhysical: Set<String> = ["Nitro", "Xen", "KVM"]
}
