import Analysis
import Report
import TraceModel

/// The three spikes of the report's contract, and one of whose trace events were lost.
enum SpikeExamples {
  static let names = ["hypervisor", "non-preemptible-kernel", "irqs-off", "lost-events"]

  static func report(_ name: String) -> SpikeReport {
    let (sketch, latency, configure) =
      switch name {
      case "hypervisor": hypervisor()
      case "non-preemptible-kernel": nonPreemptible()
      case "lost-events": lostEvents()
      default: irqsOff()
      }
    var context = SystemContext()
    context.preemption = SystemContext.PreemptionModel.none
    context.hypervisor = "KVM"
    context.rtRuntime = Nanoseconds(950_000_000)
    context.rtPeriod = Nanoseconds(1_000_000_000)
    configure(&context)
    let sample = WakeupSample(
      cpu: 1, task: TimelineSketch.task, policy: .fifo, priority: 80, sequence: 2_211,
      expiry: TimelineSketch.expiry, wake: TimelineSketch.expiry + latency,
      threshold: Nanoseconds(microseconds: 100), source: .sample)
    let analysis = Analyzer(context: context).explain(sample, in: sketch.timeline)
    return SpikeReport(analysis, facts: FactExamples.facts(context), toolVersion: "0.1.0")
  }

  private typealias Example = (TimelineSketch, Nanoseconds, (inout SystemContext) -> Void)

  /// (a) Nothing on the CPU for 1.46 ms, then two pending interrupts at once, user space
  /// interrupted.
  private static func hypervisor() -> Example {
    let host = (TaskIdentity(pid: 1_521, comm: "swift-frontend"), Int32(120))
    var sketch = TimelineSketch()
    sketch.baseline(5, over: host)
    sketch.add(1_462, 1_521, .vectorEntry(name: "reschedule", vector: 253), TimelineSketch.hard)
    sketch.add(1_462.4, 1_521, .vectorExit(name: "reschedule", vector: 253), TimelineSketch.hard)
    sketch.wake(1_463, host: host, stack: [], pending: EventContext.Bit.needResched)
    sketch.change(1_481, from: host, .runnable, to: (TimelineSketch.task, 19))
    sketch.back(1_483.5)
    sketch.other = [
      TraceEvent(
        time: TimelineSketch.at(700), cpu: 0, pid: 9,
        context: EventContext(flags: 0, preemptCount: 0), payload: .softirqRaise(vector: 1))
    ]
    return (sketch, Nanoseconds(1_485_000), { $0.steal = [1: Nanoseconds(10_000_000)] })
  }

  /// (b) Timer on time, need-resched set, no switch until the work item ends.
  private static func nonPreemptible() -> Example {
    let host = (TaskIdentity(pid: 41, comm: "kworker/u8:2"), Int32(120))
    let work = CodeLocation(
      address: 0xffff_ffff_8150_0000, symbol: "ext4_end_io_rsv_work", module: "ext4")
    var sketch = TimelineSketch()
    sketch.baseline(5, over: host)
    sketch.add(-300, 41, .workStart(work: 0xffff_8881_0000_1000, function: work))
    sketch.wake(
      2.9, host: host,
      stack: [
        CodeLocation(
          address: 0xffff_ffff_8180_0000, symbol: "_raw_spin_unlock_irqrestore", offset: 0x11),
        CodeLocation(
          address: 0xffff_ffff_c010_0000, symbol: "ext4_finish_bio", offset: 0x2c1, module: "ext4"),
        CodeLocation(
          address: 0xffff_ffff_c010_1000, symbol: "ext4_end_io_rsv_work", offset: 0x9f,
          module: "ext4"),
      ] + TimelineSketch.frames(["process_one_work", "worker_thread", "kthread", "ret_from_fork"]))
    sketch.add(
      549.9, 41, .workEnd(work: 0xffff_8881_0000_1000, function: work), TimelineSketch.asked)
    sketch.change(551.9, from: host, .preempted, to: (TimelineSketch.task, 19))
    sketch.back(552.2)
    return (sketch, Nanoseconds(552_417), { _ in })
  }

  /// (c) The timer interrupt came late: IRQs were disabled under the zone lock in a page fault.
  private static func irqsOff() -> Example {
    let host = (TaskIdentity(pid: 733, comm: "cc1"), Int32(120))
    var sketch = TimelineSketch()
    sketch.baseline(5, over: host)
    sketch.wake(
      217, host: host,
      stack: TimelineSketch.frames([
        "_raw_spin_unlock_irqrestore", "__rmqueue_pcplist", "get_page_from_freelist",
        "__alloc_pages_noprof", "vma_alloc_folio_noprof", "do_anonymous_page",
        "handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault",
      ]))
    sketch.change(243, from: host, .runnable, to: (TimelineSketch.task, 19))
    sketch.back(246)
    return (sketch, Nanoseconds(247_003), { _ in })
  }

  /// (a) again, with events lost in the silence and no stack.
  private static func lostEvents() -> Example {
    let (hypervisor, latency, configure) = hypervisor()
    var sketch = hypervisor
    sketch.gaps = [
      TimelineGap(
        span: TimeSpan(TimelineSketch.at(20), TimelineSketch.at(1_400)),
        cause: .lostEvents(count: 512))
    ]
    return (sketch, latency, configure)
  }
}
