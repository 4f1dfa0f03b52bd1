extension Nanoseconds: Codable {
  /// Reads an integer number of nanoseconds.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(Int64.self))
  }

  /// Writes an integer number of nanoseconds.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

extension CPUSet: Codable {
  /// Reads the kernel's list format (`0-3,5`).
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let set = CPUSet(list: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a CPU list: \(text)")
    }
    self = set
  }

  /// Writes the kernel's list format.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(list)
  }
}

extension SchedulingPolicy: Codable {}
