import CRealtime
import Glibc
import Report
import SystemPackage
import TraceModel

/// The terminal that the oscilloscope draws on, or lines of numbers where there is none.
final class ScopeScreen {
  private var trace: ScopeTrace
  private let samples: Int?
  private let file: FileDescriptor
  private let isTerminal: Bool
  private var inColumn = 0
  private var shown = 0
  private var nextTick = Monotonic.now
  private var nextLine = Monotonic.now

  /// Makes a screen; `usesOutput` where standard output is a terminal that nothing is passed on to.
  init(width: Int?, height: Int?, samples: Int?, usesOutput: Bool) {
    file = usesOutput ? .standardOutput : .standardError
    isTerminal = isatty(file.rawValue) == 1
    var size = winsize()
    let isKnown = isTerminal && ioctl(file.rawValue, UInt(TIOCGWINSZ), &size) == 0
    let columns = isKnown && size.ws_col >= 30 ? Int(size.ws_col) : 80
    let rows = isKnown && size.ws_row >= 10 ? min(24, Int(size.ws_row) - 1) : 20
    trace = ScopeTrace(width: width ?? columns, height: height ?? rows)
    self.samples = samples
  }

  /// Takes a value.
  func add(thread: Int, value: Int64) {
    trace.add(thread: thread, value: value)
    inColumn += 1
    if let samples, inColumn >= samples {
      trace.endColumn()
      inColumn = 0
    }
  }

  /// Shows what is new, ten times a second at most.
  func tick() {
    let now = Monotonic.now
    guard now >= nextTick else { return }
    nextTick = now + Nanoseconds(100_000_000)
    if samples == nil { trace.endColumn() }
    guard isTerminal else {
      if now >= nextLine {
        nextLine = now + Nanoseconds(1_000_000_000)
        write(trace.status + "\n")
      }
      return
    }
    draw()
  }

  private func draw() {
    let frame = trace.frame
    write((shown > 0 ? "\u{1b}[\(shown)A\u{1b}[J" : "") + frame)
    shown = frame.count { $0 == "\n" }
  }

  /// Leaves the picture standing, so that other lines can follow.
  func leave() { shown = 0 }

  /// Shows the last values.
  func finish() {
    if trace.hasOpenValues { trace.endColumn() }
    if isTerminal { draw() } else { write(trace.frame) }
    shown = 0
  }

  private func write(_ text: String) {
    _ = try? file.writeAll(text.utf8)
  }
}
