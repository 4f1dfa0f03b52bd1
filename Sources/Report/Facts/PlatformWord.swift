public import Analysis

extension SystemContext.Platform {
  /// The word that files have for it: `unknown`, `bare_metal` or `guest`.
  var word: String {
    switch self {
    case .unknown: "unknown"
    case .bareMetal: "bare_metal"
    case .guest: "guest"
    }
  }

  /// The hypervisor's name, empty for one without a name; nil for everything but a guest.
  public var hypervisor: String? { if case .guest(let name) = self { name } else { nil } }

  /// Takes what a file says.
  ///
  /// Files that were written without the word give a guest's name, and nothing both on bare metal
  /// and where nobody could report: such a machine is unknown.
  init(word: String?, hypervisor: String?) {
    if let hypervisor {
      self = .guest(hypervisor)
    } else {
      switch word {
      case "bare_metal": self = .bareMetal
      case "guest": self = .guest("")
      default: self = .unknown
      }
    }
  }
}
