internal import TraceModel

/// Where a kernel function has no frame yet or no more, as an unwinder by frame pointers needs one
/// (x86).
///
/// Distances are in bytes. A function begins with `endbr64` (4, with CONFIG_X86_KERNEL_IBT), the
/// call of ftrace (5, unless it is `notrace`), `push %rbp` (1) and `mov %rsp,%rbp` (3); the return,
/// or the jump to a return thunk, is followed by what is between two functions.
struct Frames {
  /// A function that only a kernel with ORC tables has: its unwinder needs no frames.
  var orc: CodeLocation?
  /// A function that only a kernel with CONFIG_X86_KERNEL_IBT has.
  var tracking: CodeLocation?

  /// What the names of such functions begin with.
  static let orcNames = ["orc_find", "__orc_find", "orc_sort_"].map { Array($0.utf8) }
  /// What the names of such functions begin with.
  static let trackingNames = ["ibt_save", "ibt_restore", "ibt_selftest"].map { Array($0.utf8) }
  /// The longest end, from the return to the next function.
  static let end: UInt64 = 36

  /// Whether the function's own frame may be missing where it was interrupted.
  ///
  /// - Parameters:
  ///   - offset: From its begin.
  ///   - rest: To the next function.
  ///   - name: Its name: some functions in assembly never make a frame.
  func mayBeMissing(at offset: UInt64, before rest: UInt64, of name: String) -> Bool {
    guard orc == nil else { return false }
    let begins = tracking == nil ? Self.begins : Self.trackedBegins
    return begins.contains(offset) || rest <= Self.end || CodeLocation.isFrameless(name)
  }

  private static let begins: [UInt64] = [0, 1, 5, 6]
  private static let trackedBegins: [UInt64] = [0, 4, 5, 9, 10]
}
