import TraceModel

/// The kernel wrote to a console, as a rule a serial one, with interrupts or preemption disabled.
///
/// Evidence: the wake-up's stack in console or UART code, where the timer came late or the CPU was kept;
/// printk:console in the window has the message.
///
/// Refuted by: a stack without printk's or a console's code; one in which a CPU comes or goes, unless a console's own driver
/// writes.
///
/// Next step: quiet or a lower console log level, no serial console, a console with a thread of its own (nbcon). At
/// 115200 baud a character takes 87 us.
struct PrintkConsole: Rule {
  static let profile = RuleProfile(
    .printkConsole, needs: [.waking, .wakeStack], proof: [.events(["printk:console"])],
    best: .likely, takes: "the stack trigger on sched_waking; the event printk:console.")

  /// Whether the code prints. Taking a console's lock is not that, nor is the message of a CPU that comes or goes.
  private static func isConsole(_ frames: [CodeLocation]) -> Bool {
    if frames.contains(where: { isDriver($0.symbol) }) { return true }
    return !frames.contains { KernelFunctions.isHotplug($0.symbol) }
      && frames.contains { flushes($0.symbol) }
  }

  private static func isDriver(_ name: String) -> Bool {
    ["serial8250_console", "univ8250_console", "pl011_console", "uart_console_write"].contains(
      where: name.hasPrefix)
  }

  private static func flushes(_ name: String) -> Bool {
    [
      "console_unlock", "console_flush", "console_emit", "console_call", "nbcon_", "vprintk_emit",
    ].contains(where: name.hasPrefix)
  }

  func examine(_ spike: SpikeCase) -> RuleOutcome {
    var found: (spans: [TimeSpan], code: InterruptedCode)?
    if let timer = LateTimer(spike),
      Self.isConsole(timer.code.frames)
    {
      found = (timer.spans, timer.code)
    } else if let held = spike.held, let code = held.code,
      Self.isConsole(code.frames)
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
