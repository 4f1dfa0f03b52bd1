import Analysis
import Foundation
import Recorded
import Report
import Testing
import TraceModel

/// Sections of latency tracers: who held them, where the time went, and what ran nested in them.
struct SectionHolderTests {
  /// A section and what must be said of it.
  struct Section: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var culprit: CulpritClass
    var name: String
    var best: Confidence
    /// What the report must say besides.
    var says: [String] = []
    /// Other findings: class, name, least and most microseconds.
    var others: [(CulpritClass, String, ClosedRange<Int64>)] = []
    var text: String
  }

  private static func lines(
    _ tracer: String, _ microseconds: Int, started: String = "", ended: String = "",
    _ lines: String
  ) -> String {
    PostedTraceTests.Posted.lines(tracer, microseconds, started: started, ended: ended, lines)
  }

  /// Lines of one function that is called over and over.
  private static func calls(
    _ function: String, flags: String = "...1.", from: Int, step: Int, count: Int
  ) -> String {
    (0..<count).map { index in
      let time = String(from + index * step)
      let padding = String(repeating: " ", count: max(0, 5 - time.count))
      return "  app-900       3\(flags)\(padding)\(time)us+: \(function)\n"
    }.joined()
  }

  static let holders: [Section] = [
    Section(
      testDescription: "a hot inner function, preemption", culprit: .preemptOff, name: "dev_scan",
      best: .proven, says: ["probe_bus"],
      text: lines(
        "preemptoff", 3_000, started: "dev_scan", ended: "dev_scan",
        "  app-900       3...1.    0us : dev_scan <-dev_scan\n"
          + calls("probe_one <-probe_bus", from: 100, step: 290, count: 10)
            + """
              app-900       3...1. 3000us : dev_scan <-dev_scan
              app-900       3...1. 3001us : tracer_preempt_on <-dev_scan
            """)),
    Section(
      testDescription: "a hot inner function, interrupts", culprit: .irqsOff, name: "disk_flush",
      best: .proven, says: ["cache_walk"],
      text: lines(
        "irqsoff", 2_400, started: "disk_flush+0x20/0x90 [drv]",
        ended: "disk_flush+0x70/0x90 [drv]",
        "  app-900       3d....    0us : disk_flush+0x20/0x90 [drv] <-disk_flush+0x20/0x90 [drv]\n"
          + calls(
            "cache_step <-cache_walk+0x10/0x40", flags: "d....", from: 200, step: 270, count: 8)
            + """
              app-900       3d.... 2400us : disk_flush <-disk_flush
              app-900       3d.... 2401us : tracer_hardirqs_on <-disk_flush
            """)),
    Section(
      testDescription: "the lock of the first line has a caller", culprit: .preemptOff,
      name: "net_send", best: .proven, says: ["skb_make"],
      text: lines(
        "preemptoff", 2_000, started: "_raw_spin_lock", ended: "_raw_spin_unlock",
        "  app-900       3...1.    0us : _raw_spin_lock <-net_send\n"
          + calls("copy_frag <-skb_make", from: 60, step: 270, count: 7)
            + """
              app-900       3...1. 2000us : _raw_spin_unlock <-net_send
              app-900       3...1. 2001us : tracer_preempt_on <-net_send
            """)),
    Section(
      testDescription: "it ended in another function", culprit: .preemptOff, name: "kmap_work",
      best: .likely, says: ["zero_page"],
      text: lines(
        "preemptirqsoff", 1_500, started: "kmap_work", ended: "other_end",
        "  app-900       3...1.    0us : kmap_work <-kmap_work\n"
          + calls("clear_line <-zero_page", from: 50, step: 200, count: 7)
            + """
              app-900       3...1. 1499us : other_end <-do_work
              app-900       3...1. 1500us : tracer_preempt_on <-other_end
            """)),
    Section(
      testDescription: "no header line says where it started", culprit: .preemptOff,
      name: "drv_reset", best: .proven, says: ["phy_poll"],
      text: lines(
        "preemptoff", 4_000,
        "  app-900       3...1.    0us : drv_reset <-drv_reset\n"
          + calls("mdio_read <-phy_poll", from: 10, step: 390, count: 10)
          + "  app-900       3...1. 4000us : drv_reset <-drv_reset\n")),
    Section(
      testDescription: "a helper of an inner function", culprit: .preemptOff, name: "phy_reset",
      best: .proven, says: ["phy_wait"],
      text: lines(
        "preemptoff", 5_000, started: "phy_reset", ended: "phy_reset",
        "  app-900       3...1.    0us : phy_reset <-phy_reset\n"
          + calls("__const_udelay <-phy_wait", from: 10, step: 490, count: 10)
          + "  app-900       3...1. 5000us : phy_reset <-phy_reset\n")),
    Section(
      testDescription: "the scheduler's section", culprit: .schedulerOverhead, name: "__schedule",
      best: .likely, says: ["balance_once"],
      text: lines(
        "preemptoff", 900, started: "__schedule", ended: "__schedule",
        "  app-900       3...1.    0us : __schedule <-__schedule\n"
          + calls("balance_once <-newidle_pass", from: 10, step: 110, count: 8)
          + "  app-900       3...1.  900us : __schedule <-__schedule\n")),
    Section(
      testDescription: "nothing names the holder", culprit: .irqsOff, name: "rebuild",
      best: .possible,
      text: lines(
        "irqsoff", 1_600, started: "_raw_spin_lock_irqsave", ended: "_raw_spin_unlock_irqrestore",
        "  app-900       3d....    0us : _raw_spin_lock_irqsave\n"
          + calls("scan_list <-rebuild", flags: "d..1.", from: 10, step: 200, count: 8)
          + "  app-900       3d..1. 1600us : _raw_spin_unlock_irqrestore\n")),
    Section(
      testDescription: "one gap is in the inner function", culprit: .preemptOff, name: "read_reg",
      best: .likely, says: ["started at dev_scan"],
      text: lines(
        "preemptoff", 2_000, started: "dev_scan", ended: "dev_scan",
        """
          app-900       3...1.    0us : dev_scan <-dev_scan
          app-900       3...1.   90us!: read_reg <-probe_bus
          app-900       3...1. 1990us : put_reg <-probe_bus
          app-900       3...1. 2000us : dev_scan <-dev_scan
        """)),
    Section(
      testDescription: "function_graph's lines", culprit: .preemptOff, name: "blk_poll",
      best: .likely, says: ["ring_peek"],
      text: lines(
        "preemptoff", 1_000, started: "blk_poll", ended: "blk_poll",
        (0..<9).map { index in
          "      \(100 + index * 100) us |   3)    app-900    |  ...1. | + 99.000 us   |      ring_peek();\n"
        }.joined())),
    Section(
      testDescription: "its begin was overwritten", culprit: .preemptOff, name: "tree_merge",
      best: .possible, says: ["buffer_size_kb"],
      text: lines(
        "preemptoff", 90_000, started: "tree_merge", ended: "tree_merge",
        calls("node_cmp <-node_sort", from: 60_000, step: 4_000, count: 8)
      ).replacing("#8/8", with: "#8/90000")),
    Section(
      testDescription: "it started on the way into the kernel", culprit: .preemptOff,
      name: "fix_page", best: .possible,
      text: lines(
        "preemptoff", 1_600, started: "entry_SYSCALL_64_after_hwframe", ended: "do_syscall_64",
        "  app-900       3...1.    0us : do_syscall_64 <-entry_SYSCALL_64_after_hwframe\n"
          + calls("fix_one <-fix_page", from: 10, step: 220, count: 7)
          + "  app-900       3...1. 1600us : do_syscall_64 <-entry_SYSCALL_64_after_hwframe\n")),
  ]

  static let nested: [Section] = [
    Section(
      testDescription: "on the way out of an interrupt", culprit: .softirq, name: "NET_RX",
      best: .likely, says: ["nic_irq"],
      text: lines(
        "preemptoff", 2_000, started: "irq_enter_rcu", ended: "irq_exit_rcu",
        """
          app-900       3d..1.    0us : irq_enter_rcu <-common_interrupt
          app-900       3d.h1.    3us : nic_irq <-__handle_irq_event_percpu
          app-900       3d.h1.   30us : __napi_schedule <-nic_irq
          app-900       3d..1.   40us : irq_exit_rcu <-common_interrupt
          app-900       3d..1.   41us : __do_softirq <-irq_exit_rcu
          app-900       3..s1.   45us!: net_rx_action <-__do_softirq
          app-900       3..s1.  600us!: nic_poll <-net_rx_action
          app-900       3..s1. 1990us : nic_done <-nic_poll
          app-900       3d.s1. 1995us : __local_bh_enable <-__do_softirq
          app-900       3d..1. 2000us : irq_exit_rcu <-common_interrupt
        """)),
    Section(
      testDescription: "a third of a task's section", culprit: .preemptOff, name: "page_work",
      best: .proven, says: ["disk_irq"], others: [(.softirq, "BLOCK", 380...420)],
      text: lines(
        "preemptoff", 1_200, started: "page_work", ended: "page_work",
        "  app-900       3...1.    0us : page_work <-page_work\n"
          + calls("page_copy <-page_work", from: 10, step: 130, count: 3)
            + """
              app-900       3d..1.  400us : irq_enter_rcu <-common_interrupt
              app-900       3d.h1.  402us : disk_irq <-__handle_irq_event_percpu
              app-900       3d.h1.  410us : raise_softirq_irqoff <-disk_irq
              app-900       3d..1.  412us : irq_exit_rcu <-common_interrupt
              app-900       3..s1.  415us : blk_done_softirq <-__do_softirq
              app-900       3..s1.  600us : complete_one <-blk_done_softirq
              app-900       3..s1.  815us : __local_bh_enable <-__do_softirq

            """
          + calls("page_copy <-page_work", from: 820, step: 120, count: 3)
          + "  app-900       3...1. 1200us : page_work <-page_work\n")),
    Section(
      testDescription: "by the softirq's events", culprit: .softirq, name: "TIMER", best: .likely,
      says: ["local_timer"],
      text: lines(
        "preemptirqsoff", 1_000, started: "page_work", ended: "page_work",
        """
          app-900       3...1.    0us : page_work <-page_work
          app-900       3d.h1.   10us : local_timer_entry: vector=236
          app-900       3d.h1.   12us : softirq_raise: vec=1 [action=TIMER]
          app-900       3d.h1.   20us : local_timer_exit: vector=236
          app-900       3..s1.   25us : softirq_entry: vec=1 [action=TIMER]
          app-900       3..s1.  925us : softirq_exit: vec=1 [action=TIMER]
          app-900       3...1. 1000us : page_work <-page_work
        """)),
    Section(
      testDescription: "two vectors", culprit: .softirq, name: "NET_RX", best: .likely,
      others: [(.softirq, "TIMER", 280...320)],
      text: lines(
        "preemptoff", 1_000, started: "__do_softirq", ended: "__do_softirq",
        """
          app-900       3..s1.    0us : __do_softirq <-irq_exit_rcu
          app-900       3..s1.    5us!: net_rx_action <-__do_softirq
          app-900       3..s1.  300us : nic_poll <-net_rx_action
          app-900       3..s1.  690us : run_timer_softirq <-__do_softirq
          app-900       3..s1.  800us : call_timer_fn <-__run_timers
          app-900       3..s1.  990us : __local_bh_enable <-__do_softirq
          app-900       3...1. 1000us : __do_softirq <-irq_exit_rcu
        """)),
    Section(
      testDescription: "a hard interrupt on top of the softirq", culprit: .softirq, name: "TASKLET",
      best: .likely, others: [(.hardIRQ, "gpu_irq", 280...320)],
      text: lines(
        "preemptoff", 1_000, started: "__do_softirq", ended: "__do_softirq",
        """
          app-900       3..s1.    0us : __do_softirq <-irq_exit_rcu
          app-900       3..s1.    5us!: tasklet_action <-__do_softirq
          app-900       3..s1.  200us : usb_giveback <-tasklet_action_common
          app-900       3d.H1.  300us : irq_enter_rcu <-common_interrupt
          app-900       3d.H1.  302us : gpu_irq <-__handle_irq_event_percpu
          app-900       3d.H1.  600us : irq_exit_rcu <-common_interrupt
          app-900       3..s1.  602us : usb_giveback <-tasklet_action_common
          app-900       3..s1.  990us : __local_bh_enable <-__do_softirq
          app-900       3...1. 1000us : __do_softirq <-irq_exit_rcu
        """)),
    Section(
      testDescription: "RCU's softirq is RCU", culprit: .rcu, name: "RCU", best: .likely,
      text: lines(
        "preemptoff", 2_000, started: "irq_enter_rcu", ended: "irq_exit_rcu",
        """
          app-900       3d..1.    0us : irq_enter_rcu <-sysvec_apic_timer_interrupt
          app-900       3d.h1.    3us : hrtimer_interrupt <-__sysvec_apic_timer_interrupt
          app-900       3d..1.   40us : irq_exit_rcu <-sysvec_apic_timer_interrupt
          app-900       3..s1.   45us!: rcu_core_si <-__do_softirq
          app-900       3..s1.  900us : free_one <-rcu_do_batch
          app-900       3..s1. 1995us : __local_bh_enable <-__do_softirq
          app-900       3d..1. 2000us : irq_exit_rcu <-sysvec_apic_timer_interrupt
        """)),
    Section(
      testDescription: "code in a softirq that disabled interrupts is no softirq",
      culprit: .irqsOff,
      name: "ring_fill", best: .proven,
      text: lines(
        "irqsoff", 800, started: "ring_fill", ended: "ring_fill",
        "  app-900       3d.s1.    0us : ring_fill <-ring_fill\n"
          + calls("put_desc <-ring_fill", flags: "d.s1.", from: 10, step: 110, count: 7)
          + "  app-900       3d.s1.  800us : ring_fill <-ring_fill\n")),
    Section(
      testDescription: "nor is a lock in a softirq that can be preempted", culprit: .preemptOff,
      name: "route_lock", best: .proven,
      text: lines(
        "preemptoff", 800, started: "route_lock", ended: "route_lock",
        "  ksoftirq-25   3..s1.    0us : route_lock <-route_lock\n"
          + calls("route_cmp <-route_find", flags: "..s1.", from: 10, step: 110, count: 7)
          + "  ksoftirq-25   3..s1.  800us : route_lock <-route_lock\n")),
    Section(
      testDescription: "two interrupts one after the other", culprit: .hardIRQ, name: "nic_irq",
      best: .likely, others: [(.hardIRQ, "disk_irq", 180...220)],
      text: lines(
        "preemptoff", 1_000, started: "page_work", ended: "page_work",
        """
          app-900       3...1.    0us : page_work <-page_work
          app-900       3d..1.   10us : irq_enter_rcu <-common_interrupt
          app-900       3d.h1.   12us : nic_irq <-__handle_irq_event_percpu
          app-900       3d.h1.  560us : irq_exit_rcu <-common_interrupt
          app-900       3...1.  570us : page_copy <-page_work
          app-900       3d..1.  640us : irq_enter_rcu <-common_interrupt
          app-900       3d.h1.  642us : disk_irq <-__handle_irq_event_percpu
          app-900       3d.h1.  840us : irq_exit_rcu <-common_interrupt
          app-900       3...1. 1000us : page_work <-page_work
        """)),
  ]

  @Test(arguments: holders + nested)
  func `a section's holder and what ran in it`(section: Section) throws {
    let trace = try RecordedTrace(bytes: Array(section.text.utf8), name: "posted")
    let report = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
    let culprit = report.analysis.culprit
    #expect(culprit.culprit == section.culprit, "\(culprit)")
    #expect(culprit.name == section.name, "\(culprit)")
    #expect(culprit.confidence <= section.best, "\(culprit)")
    let all = [culprit] + report.analysis.contributors
    let said = all.flatMap(\.evidence).map(\.text).joined(separator: "\n")
    for part in section.says { #expect(said.contains(part), "\(part): \(said)") }
    for (kind, name, length) in section.others {
      let found = report.analysis.contributors.first { $0.culprit == kind && $0.name == name }
      #expect(found.map { length.contains($0.claimed.microseconds) } == true, "\(all)")
    }
    #expect(all.reduce(Nanoseconds.zero) { $0 + $1.claimed } == report.analysis.sample.latency)
  }
}
