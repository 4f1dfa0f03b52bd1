/// The names that a print format gives to a field's values.
public struct ValueTable: Hashable, Sendable {
  /// How the table is read.
  public enum Kind: Hashable, Sendable {
    /// `__print_flags`: all entries whose bits are set, with the delimiter between them.
    case flags(delimiter: String)
    /// `__print_symbolic`: the entry that is equal.
    case symbolic
  }

  /// One name.
  public struct Entry: Hashable, Sendable {
    /// The value or the bits.
    public var value: UInt64
    /// Its name.
    public var name: String
  }

  /// How the table is read.
  public var kind: Kind
  /// The bits of the field that are looked at.
  public var mask: UInt64
  /// The names in the kernel's order.
  public var entries: [Entry]

  /// The text of a value as the kernel prints it; nil where a symbolic table has no name for it.
  public func text(_ value: UInt64) -> String? {
    let value = value & mask
    switch kind {
    case .symbolic: return entries.first { $0.value == value }?.name
    case .flags(let delimiter):
      var rest = value
      var names: [String] = []
      for entry in entries {
        if entry.value == 0 {
          if value == 0 { return entry.name }
        } else if rest & entry.value == entry.value {
          names.append(entry.name)
          rest &= ~entry.value
        }
      }
      if rest != 0 { names.append("0x" + String(rest, radix: 16)) }
      return names.isEmpty ? "0" : names.joined(separator: delimiter)
    }
  }
}
