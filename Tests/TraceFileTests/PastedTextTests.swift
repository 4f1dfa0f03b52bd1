import Captures
import RingBuffer
import Testing
import TraceModel

@testable import TraceFile

/// Texts as people paste them: lines that lack columns, perf script's, wrapped and prefixed lines,
/// remarks between events.
struct PastedTextTests: ReadsFtrace {
  /// A text, its events in short, and words of what is said of it.
  struct Pasted: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var events: [String]
    var notes: [String]
    var missing: MissingColumns
    /// Gaps over all CPUs.
    var gaps: Int

    init(
      _ label: String, _ text: String, _ events: [String], notes: [String] = [],
      missing: MissingColumns = [], gaps: Int = 0
    ) {
      testDescription = label
      self.text = text
      self.events = events
      self.notes = notes
      self.missing = missing
      self.gaps = gaps
    }
  }

  /// `MICROSECONDS [CPU] PID WHAT`
  static func short(_ event: TraceEvent) -> String {
    let what: String
    switch event.payload {
    case .switched(let change):
      what = "\(change.previous.text) \(change.previousState.letters) > \(change.next.text)"
    case .waking(let wake): what = "waking \(wake.task.text) \(wake.priority.text)"
    case .wakeup(let wake): what = "wakeup \(wake.task.text) on \(wake.targetCPU)"
    case .stack(let frames): what = "stack " + frames.map(\.symbol).joined(separator: ",")
    case .syscallExit(let number, let name, let result): what = "exit \(number)\(name) \(result)"
    case .vectorEntry(let name, _): what = "\(name) entry"
    case .other(let other):
      what = "\(other.name) " + other.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    default: what = "other"
    }
    return "\(event.time.microseconds) [\(event.cpu)] \(event.pid) \(what)"
  }

  @Test(arguments: perf + loose + prefixed + wrapped)
  func `a pasted text has its events`(pasted: Pasted) {
    let text = read(pasted.text)
    #expect(text.problems == [])
    #expect(text.timeline.merged.map(Self.short) == pasted.events)
    #expect(text.timeline.missing == pasted.missing)
    #expect(text.timeline.cpus.map(\.gaps.count).reduce(0, +) == pasted.gaps)
    for note in pasted.notes {
      #expect(text.repairs.contains { $0.contains(note) }, "\(note): \(text.repairs)")
    }
  }

  private static let there =
    "prev_comm=ctl prev_pid=41 prev_prio=39 prev_state=S ==> next_comm=swapper/1 next_pid=0 next_prio=120"
  private static let back =
    "prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=ctl next_pid=41 next_prio=39"
  private static let wake = "comm=ctl pid=41 prio=39 target_cpu=001"

  static let perf: [Pasted] = [
    Pasted(
      "perf script as it is",
      """
      ctl    41 [001]   905.100763:   sched:sched_switch: \(there)
      swapper     0 [001]   905.100800:   sched:sched_waking: \(wake)

      ctl    41 [001]   905.100900: raw_syscalls:sys_exit: NR 98 = -4
      """,
      [
        "905100763 [1] 41 ctl-41 S > <idle>", "905100800 [1] 0 waking ctl-41 rt 60",
        "905100900 [1] 41 exit 98 -4",
      ], missing: .flags),
    Pasted(
      "a period, nanoseconds, two numbers of a task",
      """
                   ctl    40/41    [001]   905.100763123:          1 sched:sched_switch: \(there)
               swapper     0/0     [001]   905.100800999:          1 sched:sched_waking: \(wake)
      """,
      ["905100763 [1] 41 ctl-41 S > <idle>", "905100800 [1] 0 waking ctl-41 rt 60"],
      missing: .flags),
    Pasted(
      "no CPU: the idle tasks and who follows them tell it",
      """
      ctl  41   905.100763:   sched:sched_switch: \(there)
      swapper     0   905.100800:   sched:sched_switch: \(back)
      other     7   905.100801:   sched:sched_switch: \(there.replacing("swapper/1", with: "swapper/3").replacing("ctl prev_pid=41", with: "other prev_pid=7"))
      ctl    41   905.100900: raw_syscalls:sys_exit: NR 98 = 0
      """,
      [
        "905100763 [1] 41 ctl-41 S > <idle>", "905100800 [1] 0 <idle> R > ctl-41",
        "905100801 [3] 7 other-7 S > <idle>", "905100900 [1] 41 exit 98 0",
      ], notes: ["no CPU column", "no flag column"], missing: [.cpus, .flags]),
    Pasted(
      "no name of the task",
      "  41 [001]   905.100763:   sched:sched_switch: \(there)\n",
      ["905100763 [1] 41 ctl-41 S > <idle>"], missing: .flags),
    Pasted(
      "names with blanks and dashes, one that is not known",
      """
      Web Content  41 [001]   1.000001:   sched:sched_waking: \(wake)
      irq/77-host-9   310 [000]   1.000002:   sched:sched_waking: \(wake)
      :812   812 [000]   1.000003:   sched:sched_waking: \(wake)
      """,
      [
        "1000001 [1] 41 waking ctl-41 rt 60", "1000002 [0] 310 waking ctl-41 rt 60",
        "1000003 [0] 812 waking ctl-41 rt 60",
      ], missing: .flags),
    Pasted(
      "no time",
      "ctl  41 [001] sched:sched_switch: \(there)\nswapper  0 [001] sched:sched_switch: \(back)\n",
      ["0 [1] 41 ctl-41 S > <idle>", "0 [1] 0 <idle> R > ctl-41"],
      notes: ["no time column"], missing: [.times, .flags]),
    Pasted(
      "call chains",
      """
      ctl    41 [001]   1.000001:   sched:sched_switch: \(there)
              ffffffff81a00123 __schedule+0x2a3 ([kernel.kallsyms])
              ffffffffc0123456 drv_wait+0x1c ([drv])
                  7f0011223344 read+0x14 (/usr/lib/libc.so.6)
                  55d0aabbccdd [unknown] (/usr/bin/ctl)

      swapper     0 [001]   1.000002: cycles:ppp:
              ffffffff81a00999 poll_idle+0x9 (/lib/modules/6.1.0/build/vmlinux)

      swapper     0 [001]   1.000003:   sched:sched_waking: \(wake)
      """,
      [
        "1000001 [1] 41 ctl-41 S > <idle>", "1000001 [1] 41 stack __schedule,drv_wait",
        "1000002 [1] 0 cycles ", "1000002 [1] 0 stack poll_idle",
        "1000003 [1] 0 waking ctl-41 rt 60",
      ], missing: .flags),
    Pasted(
      "libtraceevent's text of a switch",
      "ctl  41 [001]  1.000001: sched:sched_switch: ctl:41 [39] S ==> swapper/1:0 [120]\n",
      ["1000001 [1] 41 ctl-41 S > <idle>"], missing: .flags),
  ]

  static let loose: [Pasted] = [
    Pasted(
      "no CPU, no flags",
      "  sh-61   12.000001: sched_waking: \(wake)\n  sh-61   12.000002: sched_wakeup: \(wake)\n",
      ["12000001 [0] 61 waking ctl-41 rt 60", "12000002 [0] 61 wakeup ctl-41 on 1"],
      notes: ["no CPU column"], missing: [.cpus, .flags]),
    Pasted(
      "no task: switches tell it",
      """
       [001] 12.000001: irq_handler_entry: irq=9 name=nic
       [001] 12.000002: sched_switch: \(there)
       [001] 12.000003: local_timer_entry: vector=236
      """,
      [
        "12000001 [1] 41 other", "12000002 [1] 41 ctl-41 S > <idle>",
        "12000003 [1] 0 local_timer entry",
      ], notes: ["no task column"], missing: [.tasks, .flags]),
    Pasted(
      "events and nothing else",
      "  sched_switch: \(there)\n  sched_switch: \(back)\n",
      ["0 [1] 41 ctl-41 S > <idle>", "0 [1] 0 <idle> R > ctl-41"],
      missing: [.times, .tasks, .cpus, .flags]),
    Pasted(
      "functions without times",
      " bash-41 [006] d..1. do_idle <-cpu_startup_entry\n bash-41 6d..1. tick_nohz <-do_idle\n",
      [
        "0 [6] 41 function ip=do_idle parent_ip=cpu_startup_entry",
        "0 [6] 41 function ip=tick_nohz parent_ip=do_idle",
      ], missing: .times),
    Pasted(
      "the latency format with seconds, as trace-cmd report -l has it",
      "   ls-4734    0d..2 106439.675591: sched_waking: \(wake)\n",
      ["106439675591 [0] 4734 waking ctl-41 rt 60"]),
    Pasted(
      "trace-cmd's functions and calls",
      """
        ls-47  [000]    1.000001: function:             do_idle <-- cpu_startup_entry
        ls-47  [000]    1.000002: funcgraph_entry:                   |  do_work() {
        ls-47  [000]    1.000003: funcgraph_entry:        0.512 us   |    leaf();
        ls-47  [000]    1.000009: funcgraph_exit:       + 12.110 us  |  }
      """,
      [
        "1000001 [0] 47 function ip=do_idle parent_ip=cpu_startup_entry",
        "1000002 [0] 47 funcgraph_entry func=do_work",
        "1000003 [0] 47 funcgraph_leaf func=leaf duration_us=0.512",
        "1000009 [0] 47 funcgraph_exit func= duration_us=12.110",
      ], missing: .flags),
    Pasted(
      "a number that is packed into a priority, and one that would wrap to a deadline task's",
      """
       sh-61 [001] d..2. 1.000001: sched_waking: comm=ctl pid=41 prio=4294967295 target_cpu=001
       sh-61 [001] d..2. 1.000002: sched_waking: comm=ctl pid=41 prio=000187002000039 target_cpu=001
       sh-61 [001] d..2. 1.000003: sched_waking: comm=ctl pid=41 prio=-1 target_cpu=001
       sh-61 [001] d..2. 1.000004: sched_waking: comm=ctl pid=41 prio=10039 target_cpu=001
      """,
      [
        "1000001 [1] 61 waking ctl-41 unknown", "1000002 [1] 61 waking ctl-41 unknown",
        "1000003 [1] 61 waking ctl-41 deadline", "1000004 [1] 61 waking ctl-41 unknown",
      ], notes: ["4294967295"], missing: .priorities),
    Pasted(
      "task numbers above the maximum",
      """
       ctl-41 [001] d..2. 1.000001: sched_switch: prev_comm=ctl prev_pid=900000041 prev_prio=39 prev_state=S ==> next_comm=x next_pid=900000042 next_prio=120
       sh-61 [000] d..2. 1.000002: sched_switch: prev_comm=sh prev_pid=61 prev_prio=39 prev_state=S ==> next_comm=y next_pid=4294967296 next_prio=120
      """,
      ["1000001 [1] 41 ctl-41 S > x", "1000002 [0] 61 sh-61 S > y"],
      notes: ["4194304"]),
    Pasted(
      "a time in two parts, the second one microseconds of a second",
      " a-1  0d...2.. 51 210us : f <-g\n a-1  0d...2.. 51 999471us : g <-h\n a-1  0d...2.. 52 5us : f <-h\n",
      [
        "51000210 [0] 1 function ip=f parent_ip=g", "51999471 [0] 1 function ip=g parent_ip=h",
        "52000005 [0] 1 function ip=f parent_ip=h",
      ], notes: ["two parts"]),
    Pasted(
      "a time in two parts, the second one microseconds of a millisecond",
      " a-1  0d...2.. 51 990us : f <-g\n a-1  0d...2.. 52 5us : g <-h\n",
      ["51990 [0] 1 function ip=f parent_ip=g", "52005 [0] 1 function ip=g parent_ip=h"]),
    Pasted(
      "flags of an interrupt pipeline",
      " a-1  [000] *..2. 1.000001: a_b: c\n a-1  [000] #.~1. 1.000002: a_b: c\n  a-1  0*..1 1000003us : f <-g\n",
      [
        "1000001 [0] 1 a_b ", "1000002 [0] 1 a_b ", "1000003 [0] 1 function ip=f parent_ip=g",
      ], notes: ["Dovetail"]),
  ]

  static let prefixed: [Pasted] =
    [
      Pasted(
        "the kernel's log",
        """
        [   12.345678] Dumping ftrace buffer:
        [   12.345680] ---------------------------------
        [   12.345690]       sh-61      0d..2. 52546576us : sched_waking: \(wake)
        [   12.345691][  T41]       sh-61      0d..2. 52546577us : <stack trace>
        [   12.345692]  => schedule
        <4>[   12.345693]       sh-61      0d..2. 52546578us : sched_wakeup: \(wake)
        [   12.345694] ---------------------------------
        """,
        [
          "52546576 [0] 61 waking ctl-41 rt 60", "52546577 [0] 61 stack schedule",
          "52546578 [0] 61 wakeup ctl-41 on 1",
        ], notes: ["kernel log"]),
      Pasted(
        "the system's log",
        "Nov 30 12:00:01 box kernel: [   12.345690]       sh-61      0d..2. 5us : sched_waking: \(wake)\n",
        ["5 [0] 61 waking ctl-41 rt 60"], notes: ["kernel log"]),
      Pasted(
        "numbers of lines",
        "117:     sh-61  [001] d..2.  1.000001: sched_waking: \(wake)\n118-     sh-61  [001] d..2.  1.000002: sched_wakeup: \(wake)\n",
        ["1000001 [1] 61 waking ctl-41 rt 60", "1000002 [1] 61 wakeup ctl-41 on 1"],
        notes: ["line numbers"]),
      Pasted(
        "a mark of the author before a line, a remark after it",
        "  sh-61  [001] d..2.  1.000001: sched_waking: \(wake)   <--- here\n* sh-61  [001] d..2.  1.000002: do_idle <-cpu_startup  // and there\n",
        [
          "1000001 [1] 61 waking ctl-41 rt 60",
          "1000002 [1] 61 function ip=do_idle parent_ip=cpu_startup",
        ]),
      Pasted(
        "remarks are no events and no gaps",
        """
          sh-61  [001] d..2.  1.000001: sched_waking: \(wake)
          --> here the thread is woken
          ^^^^^^^^^^^
        ```
        See [1] for the whole trace, it took 3.5 ms (12 us elsewhere).
          <--- who is this?
          sh-61  [001] d..2.  1.000002: sched_wakeup: \(wake)
        """,
        ["1000001 [1] 61 waking ctl-41 rt 60", "1000002 [1] 61 wakeup ctl-41 on 1"],
        notes: ["5 lines between events are remarks"]),
    ]
    + [
      "...", "  [...]", "[snip]", ".... 332 ms", "…", "(...)", ". . .", ":", "... 120 lines ...",
      "..... + 40us later", "-- 8< --", "<snip>",
    ].map { mark in
      Pasted(
        "left out: \(mark)",
        """
          sh-61  [001] d..2.  1.000001: sched_waking: \(wake)
          sh-62  [002] d..2.  1.000001: sched_waking: \(wake)
        \(mark)
          sh-61  [001] d..2.  1.000009: sched_wakeup: \(wake)
        """,
        [
          "1000001 [1] 61 waking ctl-41 rt 60", "1000001 [2] 62 waking ctl-41 rt 60",
          "1000009 [1] 61 wakeup ctl-41 on 1",
        ], gaps: 2)
    }

  static let wrapped: [Pasted] =
    [
      ("behind the time", " sh-61  [001] d..2.  1.000001:\nsched_switch: \(there)"),
      ("behind the name", "> sh-61  [001] d..2.  1.000001: sched_switch:\n> \(there)"),
      ("behind the task", " sh-61\n[001] d..2.  1.000001: sched_switch: \(there)"),
      ("behind the flags", " sh-61  [001] d..2.\n 1.000001: sched_switch: \(there)"),
      (
        "three times",
        " sh-61  [001] d..2.  1.000001: sched_switch:\n\(there.replacing(" prev_prio", with: "\nprev_prio").replacing(" next_pid", with: "\nnext_pid"))"
      ),
      (
        "at the arrow",
        " sh-61  [001] d..2.  1.000001: sched_switch: \(there.replacing(" ==>", with: "\n==>"))"
      ),
      ("of perf", "ctl  61 [001]  1.000001: sched:sched_switch:\n\(there)"),
    ].map { label, text in
      Pasted(
        "wrapped \(label)", text + "\n sh-61  [001] d..2.  1.000002: sched_wakeup: \(wake)\n",
        ["1000001 [1] 61 ctl-41 S > <idle>", "1000002 [1] 61 wakeup ctl-41 on 1"],
        notes: ["wrapped"])
    } + [
      Pasted(
        "wrapped where the event was whole",
        " sh-61  [001] d..2.  1.000001: sched_wakeup: comm=ctl pid=41 prio=39\ntarget_cpu=001\n",
        ["1000001 [1] 61 wakeup ctl-41 on 1"], notes: ["wrapped"]),
      Pasted(
        "wrapped lines of a latency tracer",
        " sh-61       1d..1. 1063736us :\ndo_mmap <-vm_mmap\n sh-61       1d..1. 1063737us : _raw_spin_unlock\n<-vm_mmap\n",
        [
          "1063736 [1] 61 function ip=do_mmap parent_ip=vm_mmap",
          "1063737 [1] 61 function ip=_raw_spin_unlock parent_ip=vm_mmap",
        ], notes: ["wrapped"]),
      Pasted(
        "soft breaks of quoted-printable without an equals sign",
        "    irq/18-nic-4711  [001] d.h2.   1000.000001: do_idle <-cpu_startup_entry=\n_of_it\n    irq/18-nic-4711  [001] d.h2.   1000.000002: do_idle <-cpu_startup_entry=\n_of_it\n",
        [
          "1000000001 [1] 4711 function ip=do_idle parent_ip=cpu_startup_entry_of_it",
          "1000000002 [1] 4711 function ip=do_idle parent_ip=cpu_startup_entry_of_it",
        ], notes: ["quoted-printable"]),
      Pasted(
        "a remark after a damaged event is not joined to it",
        " sh-61  [001] d..2.  1.000001: sched_switch: prev_comm=ctl prev_pid=41\nand here it ends\n",
        ["1000001 [1] 61 sched_switch prev_comm=ctl prev_pid=41"]),
    ]

  /// Every prefix and every changed byte of the inputs is read, or its problem has a place.
  @Test(arguments: [
    "wait-blocked-packed-priority", "wait-with-remarks", "irqsoff-header-lines-missing",
    "no-time-column-timer-work", "no-task-column-idle-with-pending-ipi", "perf-script-rt-wait",
    "ipi-with-its-sender", "two-part-time-own-page-fault", "rcu-callbacks-hold-the-cpu",
    "wrapped-by-a-mailer",
  ]) func `damaged inputs are read without a trap`(name: String) throws {
    let bytes = try Captures.bytes("inputs/traces/\(name).txt")
    var events = 0
    func check(_ bytes: [UInt8]) {
      let text = FtraceTextReader.read(ByteStore(bytes))
      events += text.sections.map(\.eventCount).reduce(0, +)
      #expect(text.problems.allSatisfy { $0.offset != nil || $0.text.contains("CPU") })
    }
    for count in 0...bytes.count { check(Array(bytes[..<count])) }
    for place in bytes.indices {
      for value: UInt8 in [10, 45, 255] {
        var copy = bytes
        copy[place] = value
        check(copy)
      }
    }
    #expect(events > bytes.count)
  }
}
