import CRealtime
import Glibc
import SystemPackage

/// The oscilloscope at the end of, or within, a pipe.
enum ScopeStream {
  /// Reads n:c:v lines from standard input until they end.
  static func run(_ screen: ScopeScreen) -> ExitStatus {
    if isatty(0) == 1 {
      Console.error(
        "breaktrace: scope: nothing to read; pipe `cyclictest -v` into it, or give options of the "
          + "measurement after --")
      return .usage
    }
    // The write reports that the reader has gone, not a signal.
    signal(SIGPIPE, SIG_IGN)
    var passesOn = isatty(1) == 0
    var rest: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, 100) > 0 {
        let count = read(0, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        if count < 0 {
          Console.error("breaktrace: standard input: \(Errno(rawValue: errno))")
          return .failure
        }
        if count == 0 { break }
        if passesOn {
          passesOn =
            (try? FileDescriptor.standardOutput.writeAll(chunk[..<count])) != nil
        }
        take(chunk[..<count], &rest, screen)
      }
      screen.tick()
    }
    screen.finish()
    return .success
  }

  private static func take(
    _ bytes: ArraySlice<UInt8>, _ rest: inout [UInt8], _ screen: ScopeScreen
  ) {
    rest += bytes
    guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
      // No line of ours is that long.
      if rest.count > 1 << 16 { rest.removeAll() }
      return
    }
    for line in rest[..<end].split(separator: UInt8(ascii: "\n")) {
      if let (thread, value) = value(line) { screen.add(thread: thread, value: value) }
    }
    rest.removeSubrange(...end)
  }

  /// Thread and value of a line `n:c:v`; nil for any other line.
  static func value(_ line: ArraySlice<UInt8>) -> (thread: Int, value: Int64)? {
    let parts = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
      Int64(String(decoding: bytes.drop { $0 == 32 || $0 == 9 }, as: UTF8.self))
    }
    guard let thread = number(parts[0]), (0...65_535).contains(thread), number(parts[1]) != nil,
      let value = number(parts[2])
    else { return nil }
    return (Int(thread), value)
  }
}
