import TraceModel

/// The kernel wrote to a console, usually a serial one, with IRQs or preemption disabled.
///
/// Evidence: the stack of the wakeup is in console or UART code while the timer was late or the
/// thread was runnable. printk:console in the window has the message.
///
/// Ruled out by: a stack without printk or console code, or the stack of a CPU that goes online or
/// offline, unless it is in the driver of a console.
///
/// Next step: use quiet or a lower console log level, no serial console, or a console with its own
/// thread (nbcon). At 115200 baud a character takes 87 us.
struct PrintkConsole: Rule {
  static let profile = RuleProfile(
    .printkConsole, needs: [.waking, .wakeStack], proof: [.events(["printk:console"])],
    best: .likely, takes: "the stack trigger on sched_waking; the event printk:console.")

  /// Whether the code prints. Taking a console's lock is not that, nor is the message of a CPU that
  /// comes or goes.
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
        nextStep: "The kernel wrote a message to a console. Lower the console log level (quiet, "
          + "dmesg -n), or disable the serial console.")
    ])
  }
}
