import Glibc
import Testing
import TraceModel

@testable import Session

/// The record of a fault's own process.
@Suite(.serialized) struct FaultLogTests {
  /// Lets `body` write to `log` through the descriptor that a child would find it under.
  private func write(_ log: borrowing FaultLog, _ body: (inout FaultLogWriter) -> Void) {
    let kept = dup(FaultLog.childDescriptor)
    dup2(log.descriptor, FaultLog.childDescriptor)
    var writer = FaultLogWriter()
    if kept >= 0 {
      dup2(kept, FaultLog.childDescriptor)
      close(kept)
    } else {
      close(FaultLog.childDescriptor)
    }
    body(&writer)
  }

  @Test func `what was written is read, also of a stretch that goes on`() throws {
    let log = try FaultLog()
    #expect(log.entries().isEmpty)
    write(log) { writer in
      writer.open(at: 100)
      writer.extend(to: 200)
      writer.open(at: 300)
      writer.reopen(at: 310)
      writer.extend(to: 350)
    }
    let entries = log.entries()
    #expect(entries.map(\.span.start.count) == [100, 310])
    #expect(entries.map(\.span.end.count) == [200, 350])
    #expect(entries.allSatisfy { $0.tid > 0 })
  }

  @Test func `of more stretches than fit the latest are kept`() throws {
    let log = try FaultLog()
    let count = Int64(FaultLog.capacity) + 10
    write(log) { writer in
      for number in 0..<count {
        writer.open(at: number * 10)
        writer.extend(to: number * 10 + 5)
      }
    }
    let entries = log.entries()
    #expect(entries.count == FaultLog.capacity)
    #expect(entries.first?.span.start.count == 100)
    #expect(entries.last?.span.end.count == (count - 1) * 10 + 5)
  }
}
