public import TraceModel

/// Who had a CPU at each moment of a window, replayed from its events.
///
/// The slices cover the window without a hole and without overlap: each nanosecond has one occupant.
public struct CPUReplay: Hashable, Sendable {
  /// The window.
  public var window: TimeSpan
  /// The slices in order.
  public var slices: [Slice]

  /// Replays `timeline` over `window`.
  ///
  /// What ran when the window began is learned from the events before it, or from the first events in it
  /// (a sched_switch names the task that leaves; each event names the task it interrupted).
  /// Where a switch is missing (lost, or of a task that this kernel does not show) the events themselves tell
  /// whose the CPU is; `comms` then gives the name.
  public init(_ timeline: CPUTimeline, window: TimeSpan, comms: [Int32: String] = [:]) {
    self.window = window
    var state = State(timeline: timeline, window: window, comms: comms)
    for event in timeline.events {
      if event.time >= window.end {
        // What comes first behind the window may tell that an interrupt had ended before.
        state.closeInterrupts(event)
        state.emit(until: window.end)
        break
      }
      state.apply(event)
    }
    state.emit(until: window.end)
    state.learnPriority(from: timeline)
    slices = state.slices
  }

  /// Net time of every occupant in `span`, most time first.
  public func ran(in span: TimeSpan) -> [RanEntry] {
    var order: [Occupant] = []
    var entries: [Occupant: RanEntry] = [:]
    var last: Occupant?
    for slice in slices {
      guard let part = slice.span.clipped(to: span) else { continue }
      if entries[slice.occupant] == nil {
        order.append(slice.occupant)
        entries[slice.occupant] = RanEntry(occupant: slice.occupant, net: .zero, count: 0)
      }
      entries[slice.occupant]?.net += part.length
      if last != slice.occupant { entries[slice.occupant]?.count += 1 }
      last = slice.occupant
    }
    return order.compactMap { entries[$0] }.enumerated().sorted {
      $0.element.net != $1.element.net ? $0.element.net > $1.element.net : $0.offset < $1.offset
    }.map(\.element)
  }

  /// The parts of `span` whose occupant passes `test`.
  public func spans(in span: TimeSpan, where test: (Slice) -> Bool) -> [TimeSpan] {
    var found: [TimeSpan] = []
    for slice in slices {
      guard let part = slice.span.clipped(to: span), test(slice) else { continue }
      if let last = found.last, last.end == part.start {
        found[found.count - 1].end = part.end
      } else {
        found.append(part)
      }
    }
    return found
  }

  /// The slice at a time, nil outside the window.
  public func slice(at time: Nanoseconds) -> Slice? {
    slices.first { $0.span.contains(time) }
  }
}

extension CPUReplay {
  /// The task that runs and what is stacked on top of it.
  private struct State {
    var window: TimeSpan
    var slices: [Slice] = []
    var cursor: Nanoseconds
    var task: TaskIdentity
    var priority: KernelPriority?
    var frames: [Occupant] = []
    /// Whether the frames' own entries were marked as in a hard interrupt or softirq: only then do later
    /// marks tell anything of them.
    var marked: [Bool] = []
    /// The last event that was marked as in the top frame's context.
    var lastMarked = Nanoseconds.zero
    /// Where the slices of the present task begin since it was switched in.
    var entered = 0
    /// Whether the present task's priority came from its switch, and not from a change that was recorded.
    var isFromSwitch = false
    let comms: [Int32: String]

    init(timeline: CPUTimeline, window: TimeSpan, comms: [Int32: String]) {
      self.window = window
      self.comms = comms
      cursor = window.start
      // Before the first sched_switch of the buffer the task is the one that it names as leaving.
      task = TaskIdentity(pid: timeline.events.first?.pid ?? 0, comm: "")
      for event in timeline.events {
        if case .switched(let change) = event.payload {
          task = change.previous
          priority = change.previousPriority
          break
        }
      }
    }

    var occupant: Occupant {
      if let top = frames.last { return top }
      return task.isIdle ? .idle : .task(task, priority)
    }

    mutating func emit(until time: Nanoseconds) {
      let end = min(time, window.end)
      guard end > cursor else { return }
      let occupant = occupant
      if let last = slices.last, last.occupant == occupant, last.task == task,
        last.span.end == cursor
      {
        slices[slices.count - 1].span.end = end
      } else {
        slices.append(Slice(span: TimeSpan(cursor, end), occupant: occupant, task: task))
      }
      cursor = end
    }

    mutating func apply(_ event: TraceEvent) {
      if event.pid != task.pid { findTask(event) }
      switch event.payload {
      case .switched(let change):
        emit(until: event.time)
        frames.removeAll(keepingCapacity: true)
        task = change.next
        priority = change.nextPriority
      case .irqEntry(let irq, let handler):
        push(.irq(number: irq, handler: handler), event)
      case .irqExit(let irq, _):
        pop(at: event.time) {
          if case .irq(irq, _) = $0 { true } else { false }
        }
      case .vectorEntry(let name, _):
        push(.vector(name), event)
      case .vectorExit(let name, _):
        pop(at: event.time) { $0 == .vector(name) }
      case .softirqEntry(let vector):
        push(.softirq(vector), event)
      case .softirqExit(let vector):
        pop(at: event.time) { $0 == .softirq(vector) }
      case .nmi(let handler, let duration):
        // Written at its end, with its length.
        emit(until: max(cursor, event.time - duration))
        frames.append(.nmi(handler.name))
        emit(until: event.time)
        frames.removeLast()
      case .prioritySet(let boosted, _, let new):
        if boosted.pid == task.pid {
          emit(until: event.time)
          priority = new
          isFromSwitch = false
        }
      default: break
      }
    }

    /// The switch to the event's task was not recorded; interrupts that were open ended before it.
    mutating func findTask(_ event: TraceEvent) {
      emit(until: event.time)
      if !event.context.inHardIRQ && !event.context.inSoftIRQ && !event.context.inNMI {
        frames.removeAll(keepingCapacity: true)
      }
      task = TaskIdentity(pid: event.pid, comm: comms[event.pid] ?? "")
      priority = nil
    }

    mutating func push(_ occupant: Occupant, _ event: TraceEvent) {
      emit(until: event.time)
      frames.append(occupant)
      if case .softirq = occupant {
        marked.append(event.context.inSoftIRQ)
      } else {
        marked.append(event.context.inHardIRQ)
      }
      lastMarked = event.time
    }

    /// Ends interrupts whose exit was not recorded: an event outside of them says that they are over.
    mutating func closeInterrupts(_ event: TraceEvent) {
      while let top = frames.last, marked.last == true {
        let isInside: Bool
        switch (top, event.payload) {
        case (.irq, .irqExit), (.vector, .vectorExit), (.softirq, .softirqExit): isInside = true
        case (.softirq, _): isInside = event.context.inSoftIRQ || event.context.inHardIRQ
        case (.nmi, _): isInside = true
        default: isInside = event.context.inHardIRQ || event.context.inNMI
        }
        guard !isInside else { break }
        emit(until: max(lastMarked, cursor))
        frames.removeLast()
        marked.removeLast()
      }
      if !frames.isEmpty { lastMarked = event.time }
    }

    /// A task that changed its own priority leaves with another one than it came with; had it been the
    /// lesser one at the time, it would have been preempted.
    mutating func correctPriority(_ change: SwitchEvent) {
      guard isFromSwitch, change.previous.pid == task.pid, let old = priority,
        old != change.previousPriority
      else { return }
      for index in slices.indices[min(entered, slices.count)...]
      where slices[index].occupant == .task(task, old) {
        slices[index].occupant = .task(task, change.previousPriority)
      }
      priority = change.previousPriority
    }

    /// The same where the task leaves behind the window.
    mutating func learnPriority(from timeline: CPUTimeline) {
      for event in timeline.events where event.time >= window.end {
        switch event.payload {
        case .switched(let change):
          correctPriority(change)
          return
        case .prioritySet(let boosted, _, _) where boosted.pid == task.pid: return
        default: continue
        }
      }
    }

    mutating func pop(at time: Nanoseconds, where test: (Occupant) -> Bool) {
      emit(until: time)
      guard let index = frames.lastIndex(where: test) else { return }
      // Frames above it whose exit was not seen ended before it.
      frames.removeSubrange(index...)
      marked.removeSubrange(index...)
    }
  }
}
