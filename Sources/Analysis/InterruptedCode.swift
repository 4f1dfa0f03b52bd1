public import TraceModel

/// What the stack of a wakeup from an interrupt says of the code that was interrupted.
public struct InterruptedCode: Hashable, Sendable {
  /// Where the CPU was when the interrupt came.
  public enum Mode: Hashable, Sendable {
    /// User space: interrupts were enabled and preemption possible.
    case user
    /// The idle loop.
    case idle
    /// The kernel.
    case kernel
  }

  /// Where the CPU was.
  public var mode: Mode
  /// The interrupted context's frames, innermost first; empty for user space.
  public var frames: [CodeLocation]
  /// Number of frames of the interrupt itself before them.
  public var interruptFrames: Int
  /// The task's own frames, innermost first: what is after a softirq that was on top of it, and
  /// empty for user space.
  var taskFrames: [CodeLocation]

  /// Reads a stack written in an interrupt; nil where no interrupt entry is among its frames.
  public init?(stack: [CodeLocation], task: Int32) {
    guard let entry = stack.lastIndex(where: { KernelFunctions.isInterruptEntry($0.symbol) }) else {
      return nil
    }
    // An interrupt's entry is made of several functions; another one after them is an interrupt
    // that came before.
    var first = stack.firstIndex { KernelFunctions.isInterruptEntry($0.symbol) } ?? entry
    while first < entry, KernelFunctions.isInterruptEntry(stack[first + 1].symbol) { first += 1 }
    let isInSoftirq = stack[(first + 1)..<max(entry, first + 1)].contains {
      KernelFunctions.runsSoftirqs($0.symbol)
    }
    // A softirq that ran at another interrupt's end is what was interrupted: its frames are not the
    // interrupt's.
    interruptFrames = (isInSoftirq ? first : entry) + 1
    frames = Array(stack[interruptFrames...])
    taskFrames = Array(stack[(entry + 1)...])
    if let runner = taskFrames.firstIndex(where: { KernelFunctions.runsSoftirqs($0.symbol) }) {
      taskFrames = Array(
        taskFrames[(runner + 1)...].drop {
          KernelFunctions.runsSoftirqs($0.symbol) || KernelFunctions.isHelper($0.symbol)
        })
    }
    if frames.isEmpty {
      mode = .user
    } else if task == 0, !isInSoftirq,
      frames.contains(where: { KernelFunctions.isIdle($0.symbol) })
    {
      mode = .idle
    } else {
      mode = .kernel
    }
  }

  /// Whether the innermost frame is one that has just enabled interrupts again.
  public var stoppedAtInterruptEnable: Bool {
    frames.first.map { KernelFunctions.enablesInterrupts($0.symbol) } ?? false
  }

  /// The same, or whether the innermost frame is a function that enables interrupts inline.
  var mayHaveEnabledInterrupts: Bool {
    stoppedAtInterruptEnable
      || frames.first.map { KernelFunctions.enablesInterruptsInline($0.symbol) } ?? false
  }

  /// Whether the caller of the innermost frame may be missing, and only a helper is before the gap.
  ///
  /// A primitive that enables interrupts is interrupted in its middle; the caller of a clocksource
  /// is another helper.
  public var mayLackCaller: Bool {
    // After more frames of tracing the gap is tracing's own.
    guard let first = frames.first, first.mayHideCaller, own.startIndex <= 1 else { return false }
    return KernelFunctions.isHelper(first.symbol)
      && !KernelFunctions.enablesInterrupts(first.symbol)
      && !KernelFunctions.readsClocksource(first.symbol)
  }

  /// The innermost function that answers for the section: not an unlock, an irq-enable, a clock, a
  /// tracer or an entry helper; nil where the stack has only such functions, as after a thunk, from
  /// which the kernel cannot unwind.
  public var responsible: CodeLocation? {
    own.first { !KernelFunctions.isHelper($0.symbol) }
  }

  /// The innermost of the task's own functions that answers for what it did; `responsible` where no
  /// softirq was on top.
  var responsibleTask: CodeLocation? {
    taskFrames.count == frames.count
      ? responsible : taskFrames.first { !KernelFunctions.isHelper($0.symbol) }
  }

  /// The frames after the outermost one of tracing.
  private var own: ArraySlice<CodeLocation> {
    frames.suffix(
      from: frames.lastIndex { KernelFunctions.isTraceHook($0.symbol) }.map { $0 + 1 } ?? 0)
  }
}
