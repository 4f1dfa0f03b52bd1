import TraceModel

extension Timeline {
  /// An event that only a virtual machine has: an interrupt of a paravirtual device. Where there is none nothing is
  /// known.
  var guestSign: TraceEvent? {
    for track in cpus {
      let found = track.events.first { event in
        switch event.payload {
        case .irqEntry(_, let handler): Self.isParavirtual(handler)
        case .vectorEntry(let name, _): Self.isParavirtual(name)
        case .other(let other):
          other.name == "irq_noise"
            && Self.isParavirtual(other.fields.first { $0.name == "desc" }?.value ?? "")
        default: false
        }
      }
      if let found { return found }
    }
    return nil
  }

  private static func isParavirtual(_ name: String) -> Bool {
    ["virtio", "hyperv", "xen-", "vmw_"].contains { name.hasPrefix($0) } || name.contains("-virtio")
  }
}
