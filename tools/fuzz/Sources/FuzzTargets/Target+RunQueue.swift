import Analysis
import Report
import Recorded
import Session
import TraceModel

extension Target {
  private static let file = NamelessFile()

  /// The road of `runq --file` and `analyze --runq`.
  static func runQueue(_ bytes: [UInt8]) -> Outcome {
    var outcome = Outcome()
    guard let file else { return outcome }
    file.set(bytes)
    do throws(RecordedError) {
      let recording = try RunQueueRecording(path: file.path)
      outcome.isRefused = !recording.problems.isEmpty
      let busiest = replay(recording, chains: nil, &outcome)
      if let busiest { _ = replay(recording, chains: busiest, &outcome) }
    } catch {
      outcome.isRefused = true
    }
    return outcome
  }

  /// Gives the task that waited longest.
  private static func replay(
    _ recording: RunQueueRecording, chains: Int32?, _ outcome: inout Outcome
  ) -> Int32? {
    var size = 0
    var rows = 0
    let observer = RunQueueObserver(
      waits: { waits in
        for wait in waits {
          rows += 1
          size &+= RunQueueText.row(wait, time: "").utf8.count
          size &+= (try? RunQueueJSON.line(wait).utf8.count) ?? 0
        }
      },
      deferred: { waits in
        for wait in waits {
          size &+= RunQueueText.row(wait, time: "").utf8.count
          size &+= (try? RunQueueJSON.line(wait).utf8.count) ?? 0
        }
      },
      warnings: { warnings in
        for warning in warnings { size &+= (try? RunQueueJSON.line(warning).utf8.count) ?? 0 }
      })
    let filter = RunQueueFilter(threshold: .zero, comm: chains == nil ? nil : "*e*")
    let replay = recording.replay(filter: filter, observer: observer, chains: chains)
    let summary = RunQueueSummary(replay)
    size &+= RunQueueText.summary(summary).utf8.count
    size &+= (try? RunQueueJSON.line(summary).utf8.count) ?? 0
    if chains != nil {
      size &+=
        CommandText.text(
          command: "input", status: 0, threshold: .zero, calls: replay.slowCalls,
          polls: replay.polls, deliveries: replay.deliveries, waits: [], summary: summary
        ).utf8.count
      size &+=
        (try? RunQueueJSON.line(
          calls: replay.slowCalls, polls: replay.polls, deliveries: replay.deliveries, status: 0
        ).utf8.count) ?? 0
    }
    outcome.count += rows
    outcome.sum &+= size
    return replay.perTask.first?.task.pid
  }
}
