internal import Analysis
internal import TraceModel

/// What was found of a command as JSON.
struct CommandRecord: Encodable {
  struct SegmentRecord: Encodable {
    var kind: String
    var tid: Int32
    var comm: String
    var work: String?
    var start_ns: Int64
    var ns: Int64
    var cpu: Int?
    var ends: String
    var behind: [BehindRecord]
    var asked_by: TaskRecord?
    var asked_before_ns: Int64?

    init(_ segment: WaitChain.Segment) {
      kind = segment.kind.rawValue
      tid = segment.task.pid
      comm = segment.task.comm
      work = segment.work
      start_ns = segment.span.start.count
      ns = segment.span.length.count
      cpu = segment.cpu
      ends = segment.ends
      behind = segment.behind.map(BehindRecord.init)
      asked_by = segment.askedBy.map { TaskRecord($0) }
      asked_before_ns = segment.askedBy == nil ? nil : segment.askedBefore.count
    }
  }

  struct CallRecord: Encodable {
    var tid: Int32
    var comm: String
    var number: Int64
    var name: String
    var start_ns: Int64
    var ns: Int64
    var result: Int64
    var timeout: Bool
    var chains: [[SegmentRecord]]
  }

  struct PollRecord: Encodable {
    var tid: Int32
    var comm: String
    var name: String
    var start_ns: Int64
    var ns: Int64
    var count: Int
    var succeeded: Bool
  }

  struct DeliveryRecord: Encodable {
    var ns: Int64
    var work: DeferredRecord
    var segments: [SegmentRecord]
  }

  var type = "command"
  var schema = 1
  var status: Int32
  var calls: [CallRecord]
  var polls: [PollRecord]
  var deliveries: [DeliveryRecord]

  init(calls: [SlowCall], polls: [PollBurst], deliveries: [Delivery], status: Int32) {
    self.status = status
    self.calls = calls.map { call in
      CallRecord(
        tid: call.task.pid, comm: call.task.comm, number: call.number,
        name: SyscallNames.name(call),
        start_ns: call.span.start.count, ns: call.span.length.count, result: call.result,
        timeout: call.isTimeout, chains: call.chains.map { $0.segments.map(SegmentRecord.init) })
    }
    self.polls = polls.map { poll in
      PollRecord(
        tid: poll.task.pid, comm: poll.task.comm,
        name: SyscallNames.name(number: poll.number, name: poll.name),
        start_ns: poll.span.start.count, ns: poll.span.length.count, count: poll.count,
        succeeded: poll.succeeded)
    }
    self.deliveries = deliveries.map { delivery in
      DeliveryRecord(
        ns: delivery.length.count, work: DeferredRecord(delivery.work),
        segments: delivery.segments.map(SegmentRecord.init))
    }
  }
}
