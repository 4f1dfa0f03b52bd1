import Analysis
import Foundation
import Recorded
import Report
import Testing
import TraceModel

/// Further traces of the kinds that people post, written to break the rules that the inputs gave.
struct PostedTraceTests {
  /// A trace and what must be said of it.
  struct Posted: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var culprit: CulpritClass
    var name: String
    var best: Confidence
    var text: String

    init(
      _ label: String, _ culprit: CulpritClass, _ name: String, _ best: Confidence, _ text: String
    ) {
      testDescription = label
      self.culprit = culprit
      self.name = name
      self.best = best
      self.text = text
    }

    /// The lines of a latency tracer below a header.
    static func lines(
      _ tracer: String, _ microseconds: Int, started: String = "", ended: String = "",
      _ lines: String
    ) -> String {
      let count = lines.split(separator: "\n").count { !$0.hasPrefix(" =>") }
      let ends =
        started.isEmpty ? "" : "#  => started at: \(started)\n#  => ended at:   \(ended)\n"
      return "# tracer: \(tracer)\n#\n# \(tracer) latency trace v1.1.5 on 6.1.0\n"
        + "# latency: \(microseconds) us, #\(count)/\(count), CPU#3 | (M:preempt VP:0, KP:0)\n"
        + "#    | task: rt-900 (uid:0 nice:0 policy:1 rt_prio:20)\n" + ends + lines + "\n"
    }
  }

  private static let posted: [Posted] = [
    Posted(
      "a lock's line with no line but the end after it is no wait", .irqsOff, "dev_poll", .likely,
      Posted.lines(
        "irqsoff", 3_000, started: "_raw_spin_lock_irqsave", ended: "_raw_spin_unlock_irqrestore",
        """
          nav-55        3d..1    0us!: _raw_spin_lock_irqsave <-dev_poll
          nav-55        3d..1 3000us : _raw_spin_unlock_irqrestore <-dev_poll
          nav-55        3d..1 3001us : tracer_hardirqs_on <-_raw_spin_unlock_irqrestore
        """)),
    Posted(
      "a lock's line with work long after it is a wait", .irqsOff, "dev_poll", .possible,
      Posted.lines(
        "irqsoff", 3_000, started: "_raw_spin_lock_irqsave", ended: "_raw_spin_unlock_irqrestore",
        """
          nav-55        3d..1    0us!: _raw_spin_lock_irqsave <-dev_poll
          nav-55        3d..1 2900us : poll_one <-dev_poll
          nav-55        3d..1 2990us : poll_one <-dev_poll
          nav-55        3d..1 3000us : _raw_spin_unlock_irqrestore <-dev_poll
          nav-55        3d..1 3001us : tracer_hardirqs_on <-_raw_spin_unlock_irqrestore
        """)),
    Posted(
      "an interrupt in a section with preemption disabled", .hardIRQ, "nvme_irq", .likely,
      Posted.lines(
        "preemptoff", 1_200, started: "page_work", ended: "page_work",
        """
          web-900       3...1.    0us : page_work <-page_work
          web-900       3d..1.   10us : irq_enter_rcu <-common_interrupt
          web-900       3d.h1.   11us!: nvme_irq <-__handle_irq_event_percpu
          web-900       3d.h1. 1100us : nvme_done <-nvme_irq
          web-900       3d.h1. 1101us : irq_exit_rcu <-common_interrupt
          web-900       3...1. 1200us : page_work <-page_work
          web-900       3...1. 1201us : tracer_preempt_on <-page_work
        """)),
    Posted(
      "a short interrupt after the function that took the time", .preemptOff, "read_page",
      .likely,
      Posted.lines(
        "preemptirqsoff", 1_200, started: "page_work", ended: "page_work",
        """
          web-900       3...1.    0us : page_work <-page_work
          web-900       3...1.   10us!: read_page <-page_work
          web-900       3...1. 1100us : put_page <-page_work
          web-900       3d..1. 1101us : irq_enter_rcu <-common_interrupt
          web-900       3d.h1. 1103us : nvme_irq <-__handle_irq_event_percpu
          web-900       3d.h1. 1140us : irq_exit_rcu <-common_interrupt
          web-900       3...1. 1200us : page_work <-page_work
          web-900       3...1. 1201us : tracer_preempt_on <-page_work
        """)),
    Posted(
      "the waking interrupt itself, named by its end", .hardIRQ, "local_timer", .likely,
      Posted.lines(
        "wakeup_rt", 600,
        """
          cp-5          3dNh4.    0us :        5:120:R   + [003]     900: 79:R rt
          cp-5          3dNh3.    6us!: tick_sched_timer <-__hrtimer_run_queues
          cp-5          3dNh3.  500us : rcu_sched_clock_irq <-update_process_times
          cp-5          3dN.3.  510us : irq_exit_rcu <-sysvec_apic_timer_interrupt
          cp-5          3d..3.  580us : __schedule <-preempt_schedule_irq
          cp-5          3d..3.  599us :        5:120:R ==> [003]     900: 79:R rt
        """)),
    Posted(
      "two tasks above the thread, the longer one is named", .higherPriorityTask, "mid-60",
      .likely,
      Posted.lines(
        "wakeup_rt", 500,
        """
          hi-50         3d.h4.    0us :       50: 10:R   + [003]     900: 79:R rt
          hi-50         3d..2.  200us : __schedule <-schedule
          mid-60        3d..2.  205us : finish_task_switch <-__schedule
          mid-60        3....   480us : sys_futex <-do_syscall_64
          mid-60        3d..3.  499us :       60: 70:S ==> [003]     900: 79:R rt
        """)),
    Posted(
      "a switch on the way to user space names no function", .preemptOff, "burn-71", .possible,
      Posted.lines(
        "wakeup_rt", 700,
        """
          burn-71       3dNh2.    1us!:       71:120:R   + [003]     900: 79:R rt
          burn-71       3d..3.  690us :       71:120:R ==> [003]     900: 79:R rt
          burn-71       3d..3.  699us : <stack trace>
         => __schedule
         => preempt_schedule_irq
         => irqentry_exit
         => asm_sysvec_apic_timer_interrupt
         => checksum
        """)),
    Posted(
      "lines are cut with a word between dashes", .preemptOff, "mmc_issue", .possible,
      Posted.lines(
        "preemptoff", 3_105, started: "mmc_issue", ended: "mmc_done",
        """
          mmcqd-77      3...1    0us : mmc_issue
          mmcqd-77      3...1    2us : mmc_start <-mmc_issue
          mmcqd-77      3d..2   19us : _raw_spin_lock_irqsave <-mmc_start
        ------ snip ------
          mmcqd-77      3d..2 3100us : _raw_spin_unlock_irqrestore <-mmc_finish
          mmcqd-77      3...1 3105us : mmc_done
          mmcqd-77      3...1 3106us : trace_preempt_on <-mmc_done
        """)),
    Posted(
      "the idle loop sleeps with interrupts disabled", .irqsOff, "disk_submit", .likely,
      """
          <idle>-0    [002] d..1   50.000000: irq_disable: caller=do_idle+0x90/0x210 parent=cpu_startup_entry+0x20/0x20
          <idle>-0    [002] d..1   50.900000: irq_enable: caller=cpuidle_enter_state+0x99/0x350 parent=cpuidle_enter+0x20/0x40
            fio-810   [001] d..1   50.100000: irq_disable: caller=_raw_spin_lock_irqsave+0x40/0x50 parent=disk_submit+0x20/0x90
            fio-810   [001] d..1   50.100310: irq_enable: caller=_raw_spin_unlock_irqrestore+0x30/0x50 parent=disk_submit+0x60/0x90
      """),
    Posted(
      "a pair with lost events between is no section", .irqsOff, "disk_submit", .likely,
      """
            fio-810   [001] d..1   50.100000: irq_disable: caller=disk_submit+0x40/0x50 parent=run+0x20/0x90
            fio-810   [001] d..1   50.100310: irq_enable: caller=disk_submit+0x30/0x50 parent=run+0x60/0x90
            fio-810   [001] d..1   50.200000: irq_disable: caller=fn_c+0x1/0x2 parent=run+0x20/0x90
      CPU:1 [LOST 40 EVENTS]
            fio-810   [001] d..1   50.900000: irq_enable: caller=fn_e+0x1/0x2 parent=run+0x60/0x90
      """),
    Posted(
      "an osnoise sample with an interrupt and a softirq", .hardIRQ, "eth0:30", .likely,
      """
       osnoise/1-900  [001] d.h2.   200.000200: irq_noise: eth0:30 start 200.000110000 duration 80000 ns
       osnoise/1-900  [001] d.h2.   200.000210: softirq_noise: NET_RX:3 start 200.000201000 duration 9000 ns
       osnoise/1-900  [001] .....   200.000222: sample_threshold: start 200.000100000 duration 120000 ns interference 2
      """),
    Posted(
      "a softirq by the marks of the lines", .softirq, "NET_RX", .likely,
      Posted.lines(
        "wakeup", 512,
        """
          gcc-33        3dNs4.    0us :       33:120:R   + [003]     900:120:R rt
          gcc-33        3dNs3.    3us!: net_rx_action <-__do_softirq
          gcc-33        3.Ns2.  490us : __local_bh_enable <-__do_softirq
          gcc-33        3d..2.  500us : __schedule <-schedule
          gcc-33        3d..3.  510us :       33:120:R ==> [003]     900:120:R rt
        """)),
    Posted(
      "a function's line after the wake-up's stack", .preemptOff, "force_qs_rnp", .possible,
      Posted.lines(
        "wakeup_rt", 2_212,
        """
          rcu_pree-12   3dNh4.    0us :       12: 98:S   + [003]     900: 79:R rt
          rcu_pree-12   3dNh4.   20us : <stack trace>
         => probe_wakeup
         => irq_wake_thread
         => gic_handle_irq
         => el1_irq
         => rcu_gp_kthread
          rcu_pree-12   3dN.2.   35us : irq_exit <-__handle_domain_irq
          rcu_pree-12   3.N.1.   40us!: force_qs_rnp <-rcu_gp_fqs_loop
          rcu_pree-12   3.N.1. 2190us : preempt_schedule_lock <-force_qs_rnp
          rcu_pree-12   3d..3. 2205us :       12: 98:R ==> [003]     900: 79:R rt
        """)),
    Posted(
      "hwlat's gap with an NMI that took little of it", .hardwareStall, "", .possible,
      """
       <...>-1729  [005] d....   714.756290: #3     inner/outer(us):   16/116   ts:1581527519.678961629 count:5 nmi-total:7 nmi-count:1
      """),
  ]

  @Test(arguments: posted) func `a posted trace gets the right answer`(posted: Posted) throws {
    let trace = try RecordedTrace(bytes: Array(posted.text.utf8), name: "posted")
    let report = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
    let culprit = report.analysis.culprit
    #expect(culprit.culprit == posted.culprit, "\(culprit)")
    #expect(culprit.name == posted.name, "\(culprit)")
    #expect(culprit.confidence <= posted.best, "\(culprit)")
  }

  private static let rtla = """
    rtla timerlat hit stop tracing
    ## CPU 2 hit stop tracing, analyzing it ##
      IRQ handler delay:                                        27.49 us (65.52 %)
      IRQ latency:                                              28.13 us
      Timerlat IRQ duration:                                     9.59 us (22.85 %)
      Blocking thread:                                           3.79 us (9.03 %)
                             my tool:49256                       3.79 us
        Blocking thread stack trace
                    -> timerlat_irq
                    -> __hrtimer_run_queues
                    -> hrtimer_interrupt
                    -> asm_sysvec_apic_timer_interrupt
                    -> _raw_spin_unlock_irqrestore
                    -> flush_all_groups
    ------------------------------------------------------------------------
      Thread latency:                                           41.96 us (100%)

    """

  @Test func `rtla's analysis is read, and the report says what it lacks`() throws {
    let trace = try RecordedTrace(bytes: Array(Self.rtla.utf8), name: "rtla")
    let report = try #require(trace.analyze(AnalyzeRequest(), toolVersion: "").reports.first)
    let culprit = report.analysis.culprit
    #expect(culprit.culprit == .irqsOff)
    #expect(culprit.name == "flush_all_groups")
    #expect(culprit.confidence == .likely)
    #expect(report.analysis.sample.latency == Nanoseconds(41_960))
    #expect(culprit.nextStep.contains("my tool-49256"))
    #expect(culprit.evidence.contains { $0.text.contains("timerlat_trace.txt") })
    #expect(!culprit.evidence.contains { $0.text.contains("[line") })
    let all = [culprit] + report.analysis.contributors
    #expect(all.contains { $0.culprit == .hardIRQ && $0.name == "local_timer" })
    #expect(all.allSatisfy { $0.confidence < .proven })
  }

  @Test func `no damage of a posted trace ends the program`() {
    for text in Self.posted.map(\.text) + [Self.rtla] {
      let bytes = Array(text.utf8)
      func take(_ bytes: [UInt8]) {
        guard let trace = try? RecordedTrace(bytes: bytes, name: "posted") else { return }
        _ = trace.analyze(AnalyzeRequest(), toolVersion: "")
      }
      for length in stride(from: 0, through: bytes.count, by: 13) {
        take(Array(bytes[..<length]))
      }
      for index in stride(from: 0, to: bytes.count, by: 5) {
        var flipped = bytes
        flipped[index] ^= index % 2 == 0 ? 1 : 64
        take(flipped)
      }
    }
  }

  @Test func `functions without a wake-up are told of in a remark`() throws {
    let graph = """
      # tracer: function_graph
       0)   0.541 us    |  _raw_spin_lock();
       0)               |  do_sync_work() {
       0)   1.205 us    |    prepare_it();
       0) # 4312.110 us |    wait_for_device();
       0) # 4316.900 us |  }

      """
    let lines = """
      # tracer: function
          app-10    [001] d...   100.000005: dev_fetch <-dev_read
          app-10    [001] d...   100.009005: dev_done <-dev_read
          app-10    [001] ....   100.009010: fput <-sys_read

      """
    for (text, said) in [(graph, "wait_for_device 4312 us"), (lines, "dev_fetch 9000 us")] {
      let trace = try RecordedTrace(bytes: Array(text.utf8), name: "functions")
      let verdicts = trace.analyze(AnalyzeRequest(), toolVersion: "")
      #expect(verdicts.reports.isEmpty)
      #expect(verdicts.remarks.contains { $0.contains(said) }, "\(verdicts.remarks)")
    }
  }
}
