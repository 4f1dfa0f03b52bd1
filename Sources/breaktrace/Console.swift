import Glibc
import Report
import Synchronization
import SystemPackage

/// Standard output and standard error: data goes to the first, everything else to the second.
enum Console {
  /// The errno with which standard output could not be written, 0 where it could.
  private static let failure = Atomic<CInt>(0)

  /// Writes data; false where that is not possible, as where nobody reads it any more.
  @discardableResult static func output(_ text: String) -> Bool {
    guard let error = write(text, to: .standardOutput) else { return true }
    failure.store(error.rawValue, ordering: .relaxed)
    return false
  }

  /// Why not all of the output was written; nil where it was, or where its reader had enough
  /// (EPIPE).
  static var outputError: Errno? {
    let error = Errno(rawValue: failure.load(ordering: .relaxed))
    return error.rawValue == 0 || error == .brokenPipe ? nil : error
  }

  /// Writes a line of progress or a remark.
  static func error(_ line: String) {
    // File names and lines of a trace are other people's: a terminal must not obey them.
    let lines = line.split(separator: "\n", omittingEmptySubsequences: false)
    let plain = lines.map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false)
        .map { Printable.text(String($0)) }.joined(separator: "\t")
    }.joined(separator: "\n")
    _ = write(plain + "\n", to: .standardError)
  }

  /// Everything is written at once; kept for callers that end the process.
  static func flush() {
    fflush(nil)
  }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(1) == 1 }

  private static func write(_ text: String, to file: FileDescriptor) -> Errno? {
    do {
      _ = try file.writeAll(text.utf8)
      return nil
    } catch {
      return error as? Errno ?? .ioError
    }
  }
}
