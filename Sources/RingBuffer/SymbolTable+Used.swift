import Synchronization
import TraceModel

extension SymbolTable {
  /// The symbols that were looked up so far, in the format of /proc/kallsyms and in order of
  /// address.
  public func usedSymbols() -> String {
    let (known, start, others) = state.withLock { state in
      // What says whether a frame may be missing: what the kernel has, and where a function ends.
      let entries = state.neighbours.isEmpty ? [] : entries(&state)
      let neighbours = state.neighbours.map { begin(of: entries[$0]) }
      let markers = [state.frames?.orc, state.frames?.tracking].compactMap(\.self)
      return (state.known, state.textStart, neighbours + markers)
    }
    var used = Set(known.values.compactMap { UsedSymbol($0) })
    used.formUnion(others.compactMap { UsedSymbol($0) })
    // Without it the distances in the records mean nothing.
    if case .some(.some(let start)) = start {
      used.insert(UsedSymbol(address: start, name: "_stext"))
    }
    return used.sorted {
      // Of several symbols at one address the first counts: that is the one that was found.
      ($0.address, $0.name == "_stext" ? 1 : 0, $0.name)
        < ($1.address, $1.name == "_stext" ? 1 : 0, $1.name)
    }.map(\.line).joined()
  }

  private struct UsedSymbol: Hashable {
    var address: UInt64
    var name: String
    var module: String?

    init(address: UInt64, name: String) {
      self.address = address
      self.name = name
    }

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
