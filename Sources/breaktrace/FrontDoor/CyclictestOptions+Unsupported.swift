extension CyclictestOptions {
  /// The options that are understood but have no effect yet: the command refuses them.
  ///
  /// This is the only list of them; who makes an option work takes it out here.
  static let unsupported: Set<OptionName> = []

  /// The options of this command line that have no effect yet, in the order in which they were
  /// written.
  var withoutEffect: [OptionName] {
    var seen: Set<OptionName> = []
    return given.filter { Self.unsupported.contains($0) && seen.insert($0).inserted }
  }

  /// Throws where the command line has options without effect, naming all of them.
  func refuseUnsupported() throws(UsageError) {
    let labels = withoutEffect.compactMap { OptionTable.row($0)?.label }
    guard !labels.isEmpty else { return }
    throw UsageError(
      labels.joined(separator: " "), "not supported by this version",
      hint: "omit \(labels.count == 1 ? "it" : "them")")
  }
}
