import TraceModel

/// The result of `breaktrace headroom` as text.
enum HeadroomText {
  /// A line for each CPU, and what the waits mean.
  static func text(_ cpus: CPUSet, _ lists: [ThrottleGaps], _ throttling: Throttling) -> String {
    var rows = [["CPU", "left %", "waits", "typical ms", "longest ms", "period ms"]]
    for (cpu, gaps) in zip(cpus.cpus, lists) {
      rows.append([
        "\(cpu)", gaps.share.map { tenths($0 * 1_000) } ?? "-", "\(gaps.gaps.count)",
        milliseconds(gaps.typicalLength), milliseconds(gaps.gaps.map(\.length).max()),
        milliseconds(gaps.typicalPeriod),
      ])
    }
    var text = TextTable.text(rows) + "\n"
    for (cpu, all) in zip(cpus.cpus, lists) where throttling.explains(all) {
      let gaps = throttling.candidates(all)
      text +=
        "CPU \(cpu): throttled: real-time tasks hold it \(milliseconds(gaps.typicalLength)) ms of "
        + "every \(milliseconds(gaps.typicalPeriod)) ms and would take more\n"
    }
    let period = milliseconds(throttling.period)
    if let runtime = throttling.runtime {
      text +=
        "sched_rt_runtime_us: \(runtime.microseconds) of \(throttling.period.microseconds) us, a wait "
        + "of \(milliseconds(runtime)) ms in \(period) ms where real-time tasks never sleep\n"
    } else {
      text +=
        "sched_rt_runtime_us is unlimited: a real-time task that never sleeps starves normal ones\n"
    }
    if throttling.hasFairServer {
      text +=
        "this kernel serves normal tasks by its fair server "
        + "(/sys/kernel/debug/sched/fair_server), whatever sched_rt_runtime_us says\n"
    }
    return text
      + "Waits for other normal tasks count too: only long ones are the real-time tasks' doing.\n"
  }

  private static func milliseconds(_ time: Nanoseconds?) -> String {
    time.map { tenths(Double($0.count) / 100_000) } ?? "-"
  }

  /// A number of tenths with one decimal.
  private static func tenths(_ value: Double) -> String {
    let tenths = Int64(value.rounded())
    return "\(tenths / 10).\(tenths.magnitude % 10)"
  }
}
