import TraceModel

extension Timeline {
  /// An event that only a virtual machine has: an interrupt of a paravirtual device. Where there is
  /// none nothing is known.
  var guestSign: TraceEvent? {
    for track in cpus {
      if let index = track.events.firstIndex(where: Self.isParavirtual) {
        return track.events[index]
      }
    }
    return nil
  }

  private static func isParavirtual(_ event: TraceEvent) -> Bool {
    switch event.payload {
    case .irqEntry(_, let handler): isParavirtual(handler)
    case .vectorEntry(let name, _): isParavirtual(name)
    case .other(let other) where other.name == "irq_noise":
      isParavirtual(other.fields.first { $0.name == "desc" }?.value ?? "")
    default: false
    }
  }

  private static let prefixes = ["virtio", "hyperv", "xen-", "vmw_"]

  private static func isParavirtual(_ name: String) -> Bool {
    switch name.utf8.first {
    // Vectors and most handlers begin with another letter.
    case 0x76, 0x68, 0x78: prefixes.contains { name.hasPrefix($0) }
    // irq/25-virtio0: a threaded handler.
    case 0x69: name.contains("-virtio")
    default: false
    }
  }
}
