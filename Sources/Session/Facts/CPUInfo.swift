/// The first processor's lines of /proc/cpuinfo.
struct CPUInfo {
  private var values: [String: String] = [:]

  init(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard let colon = line.firstIndex(of: ":") else {
        if line.isEmpty, !values.isEmpty { break }
        continue
      }
      let key = SystemFiles.trim(line[..<colon])
      if values[key] == nil {
        values[key] = SystemFiles.trim(line[line.index(after: colon)...])
      }
    }
  }

  subscript(key: String) -> String? { values[key] }

  /// Whether the processor has a flag of `flags` (x86) or `Features` (arm64).
  func has(_ flag: String) -> Bool {
    SystemFiles.fields(values["flags"] ?? values["Features"] ?? "").contains { $0 == flag }
  }
}
