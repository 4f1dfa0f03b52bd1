/// A place in the kernel's code: an address, its symbol, or both.
public struct CodeLocation: Hashable, Sendable {
  /// The address, 0 where only the symbol is known (text traces).
  public var address: UInt64
  /// The function's name, empty where no symbol table had it.
  public var symbol: String
  /// Bytes from the function's start, nil where it is not known.
  public var offset: UInt64?
  /// The module that holds the function, nil for the kernel itself.
  public var module: String?
  /// Whether code interrupted here may have no frame, on a kernel that unwinds by frame pointers
  /// (CONFIG_UNWINDER_FRAME_POINTER): the next frame of the stack is then not its caller but the
  /// caller's caller. False where the kernel has ORC tables, and where no symbol table was there to
  /// report.
  public var mayHideCaller = false

  /// Memberwise; omitted arguments are empty, zero or unknown.
  public init(address: UInt64, symbol: String = "", offset: UInt64? = nil, module: String? = nil) {
    self.address = address
    self.symbol = symbol
    self.offset = offset
    self.module = module
  }

  /// Whether a function in assembly (x86) never makes a frame: thunks, memory and page primitives.
  public static func isFrameless(_ name: String) -> Bool {
    frameless.contains(name) || name.hasPrefix("__x86_") || name.hasSuffix("_return_thunk")
      || name.hasPrefix("clear_page_")
  }

  private static let frameless: Set<String> = [
    "memset", "memcpy", "memset_orig", "memcpy_orig", "rep_movs_alternative",
    "rep_stos_alternative",
  ]

  /// The symbol, or the address in hexadecimal where there is none.
  public var name: String { symbol.isEmpty ? "0x" + String(address, radix: 16) : symbol }

  /// `symbol+0x1c [module]`, as far as it is known.
  public var text: String {
    var text = name
    if !symbol.isEmpty, let offset { text += "+0x" + String(offset, radix: 16) }
    if let module { text += " [\(module)]" }
    return text
  }
}
