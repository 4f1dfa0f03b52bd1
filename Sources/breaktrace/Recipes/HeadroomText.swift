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
        "CPU \(cpu): real-time tasks run for \(milliseconds(gaps.typicalLength)) ms of every "
        + "\(milliseconds(gaps.typicalPeriod)) ms and are throttled\n"
    }
    let period = milliseconds(throttling.period)
    if let runtime = throttling.runtime {
      text +=
        "sched_rt_runtime_us is \(runtime.microseconds) of \(throttling.period.microseconds) us: normal "
        + "tasks wait \(milliseconds(runtime)) ms of every \(period) ms if real-time tasks never sleep\n"
    } else {
      text +=
        "sched_rt_runtime_us is -1: a real-time task that never sleeps starves normal tasks\n"
    }
    if throttling.hasFairServer {
      text +=
        "this kernel runs normal tasks through the fair server "
        + "(/sys/kernel/debug/sched/fair_server) and ignores sched_rt_runtime_us\n"
    }
    return text
      + "Waits for other normal tasks count too; only long waits are caused by real-time tasks.\n"
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
