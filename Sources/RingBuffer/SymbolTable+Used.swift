import Synchronization
import TraceModel

extension SymbolTable {
  /// The symbols that were looked up so far, in the format of /proc/kallsyms and in order of address.
  public func usedSymbols() -> String {
    let used = state.withLock { Set($0.known.values.compactMap(UsedSymbol.init)) }
    return used.sorted { ($0.address, $0.name) < ($1.address, $1.name) }.map(\.line).joined()
  }

  private struct UsedSymbol: Hashable {
    var address: UInt64
    var name: String
    var module: String?

    init?(_ location: CodeLocation) {
      guard !location.symbol.isEmpty, let offset = location.offset, offset <= location.address
      else { return nil }
      address = location.address - offset
      name = location.symbol
      module = location.module
    }

    var line: String {
      let digits = String(address, radix: 16)
      let padded = String(repeating: "0", count: max(0, 16 - digits.count)) + digits
      return "\(padded) t \(name)" + (module.map { "\t[\($0)]" } ?? "") + "\n"
    }
  }
}
