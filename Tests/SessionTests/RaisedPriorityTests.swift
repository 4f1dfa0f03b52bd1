import Glibc
import Testing

@testable import Session

@Suite(.enabled(if: geteuid() == 0, "needs root"))
struct RaisedPriorityTests {
  @Test func `the thread has the lowest real-time priority and then its own again`() {
    let before = sched_getscheduler(0)
    var raised: RaisedPriority? = RaisedPriority()
    #expect(RaisedPriority.realtime() == 1)
    _ = raised.take()
    #expect(RaisedPriority.realtime() == 0)
    #expect(sched_getscheduler(0) == before)
  }

  @Test func `a real-time priority of before stays`() {
    var parameters = sched_param()
    parameters.sched_priority = 7
    #expect(sched_setscheduler(0, SCHED_RR, &parameters) == 0)
    defer {
      parameters.sched_priority = 0
      _ = sched_setscheduler(0, SCHED_OTHER, &parameters)
    }
    var raised: RaisedPriority? = RaisedPriority()
    #expect(RaisedPriority.realtime() == 7)
    _ = raised.take()
    #expect(RaisedPriority.realtime() == 7)
    #expect(sched_getscheduler(0) == SCHED_RR)
  }

  @Test func `what is kept stays`() {
    RaisedPriority().keep()
    #expect(RaisedPriority.realtime() == 1)
    var parameters = sched_param()
    #expect(sched_setscheduler(0, SCHED_OTHER, &parameters) == 0)
  }
}
