import TraceModel

/// The kernel wrote to a console, as a rule a serial one, with interrupts or preemption disabled.
///
/// Evidence: the wake-up's stack in console or UART code, where the timer came late or the CPU was kept;
/// printk:console in the window has the message.
///
/// Refuted by: a stack without console code.
///
/// Next step: quiet or a lower console log level, no serial console, a console with a thread of its own (nbcon). At
/// 115200 baud a character takes 87 us.
struct PrintkConsole: Rule {
  static let profile = RuleProfile(
    .printkConsole, needs: [.waking, .wakeStack], proof: [.events(["printk:console"])],
    best: .likely, takes: "the stack trigger on sched_waking; the event printk:console.")

  private static func isConsole(_ name: String) -> Bool {
    name.hasPrefix("console_") || name.hasPrefix("serial8250_console")
      || name.hasPrefix("univ8250_console") || name == "vprintk_emit"
      || name.hasPrefix("nbcon_") || name == "uart_console_write" || name.hasPrefix("pl011_console")
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var found: (spans: [TimeSpan], code: InterruptedCode)?
    if let timer = LateTimer(spike),
      timer.code.frames.contains(where: { Self.isConsole($0.symbol) })
    {
      found = (timer.spans, timer.code)
    } else if let held = spike.held, let code = held.code,
      code.frames.contains(where: { Self.isConsole($0.symbol) })
    {
      found = (held.spans, code)
    }
    guard let found else { return .nothing }
    let messages = spike.others(in: spike.sample.window, named: ["console"])
    var evidence = spike.times.stackEvent.map { [Evidence($0)] } ?? []
    evidence += messages.prefix(2).map { Evidence($0) }
    return RuleOutcome(findings: [
      Finding(
        .printkConsole, name: found.code.responsible?.name ?? "console", confidence: .likely,
        spans: found.spans, evidence: evidence,
        nextStep: "A kernel message was being written to a console. Lower its level (quiet, "
          + "dmesg -n), or take the serial console away.")
    ])
  }
}
