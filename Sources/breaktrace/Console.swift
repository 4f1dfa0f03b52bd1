import Glibc
import SystemPackage

/// Standard output and standard error: data goes to the first, everything else to the second.
enum Console {
  /// Writes data; false where nobody reads it any more.
  @discardableResult static func output(_ text: String) -> Bool {
    write(text, to: .standardOutput)
  }

  /// Writes a line of progress or a remark.
  static func error(_ line: String) {
    _ = write(line + "\n", to: .standardError)
  }

  /// Everything is written at once; kept for callers that end the process.
  static func flush() {
    fflush(nil)
  }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(1) == 1 }

  private static func write(_ text: String, to file: FileDescriptor) -> Bool {
    do {
      _ = try file.writeAll(text.utf8)
      return true
    } catch {
      return false
    }
  }
}
