public import TraceModel

/// Who had a CPU at each moment of a window, replayed from its events.
///
/// The slices cover the window without a hole and without overlap: each nanosecond has one
/// occupant.
public struct CPUReplay: Hashable, Sendable {
  /// The window.
  public var window: TimeSpan
  /// The slices in order.
  public var slices: [Slice]
  /// Stretches in which a switch must have happened that the trace does not show: the occupant is a
  /// guess.
  public var doubtful: [TimeSpan]

  /// Replays `timeline` over `window`.
  ///
  /// What ran when the window began is learned from the events before it, or from the first events
  /// in it (a sched_switch names the task that leaves; each event names the task it interrupted).
  /// `comms` names tasks whose switch is missing, `boosts` are changes of priority that other CPUs
  /// made.
  public init(_ timeline: CPUTimeline, window: TimeSpan, comms: [Int32: String] = [:]) {
    self.init(timeline, window: window, comms: comms, boosts: [])
  }

  init(
    _ timeline: CPUTimeline, window: TimeSpan, comms: [Int32: String], boosts: [Boost]
  ) {
    self.window = window
    var state = State(timeline: timeline, window: window, comms: comms)
    // A waiter boosts an owner from the CPU on which it blocks.
    var foreign = boosts.filter { $0.event.cpu != timeline.cpu }[...]
    func applyBoosts(until time: Nanoseconds) {
      while let boost = foreign.first, boost.event.time <= time {
        state.apply(boost)
        foreign = foreign.dropFirst()
      }
    }
    for event in timeline.events {
      applyBoosts(until: min(event.time, window.end))
      if event.time >= window.end {
        // What comes first after the window may report that an interrupt had ended before.
        state.closeInterrupts(event)
        break
      }
      state.apply(event)
    }
    applyBoosts(until: window.end)
    state.emit(until: window.end)
    state.learnPriority(from: timeline)
    slices = state.slices
    doubtful = state.doubtful
  }

  /// Joins the replays of several CPUs, each over the stretch in which that CPU mattered.
  init(_ parts: [CPUReplay], window: TimeSpan) {
    self.window = window
    slices = parts.flatMap(\.slices)
    doubtful = parts.flatMap(\.doubtful)
  }

  /// Net time of every occupant in `span`, most time first.
  public func ran(in span: TimeSpan) -> [RanEntry] {
    var places: [Occupant: Int] = [:]
    var entries: [RanEntry] = []
    var last: Occupant?
    for slice in slices {
      guard let part = slice.span.clipped(to: span) else { continue }
      let place = places[slice.occupant] ?? entries.count
      if place == entries.count {
        places[slice.occupant] = place
        entries.append(RanEntry(occupant: slice.occupant, net: .zero, count: 0))
      }
      entries[place].net += part.length
      if last != slice.occupant { entries[place].count += 1 }
      last = slice.occupant
    }
    return entries.enumerated().sorted {
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
    /// Whether the frames' own entries were marked as in a hard interrupt or softirq: only then do
    /// later marks report anything of them.
    var marked: [Bool] = []
    /// The last event that was written in the top frame's context.
    var lastMarked = Nanoseconds.zero
    /// Where the slices begin since the present task's priority was last reported.
    var told = 0
    /// Where the slices begin since the present task's name was last reported.
    var named = 0
    let comms: [Int32: String]
    var doubtful: [TimeSpan] = []
    /// When an event last said that the task is the current one.
    var confirmed: Nanoseconds
    /// Whether that event was idle's, and asked it to give the CPU up at once.
    var idleIsToLeave = false
    /// The task of the last switch that may still write: the switch is traced before it is done.
    var leaving: Int32?
    /// Priorities by the scheduler's events.
    var priorities: [Int32: KernelPriority] = [:]

    init(timeline: CPUTimeline, window: TimeSpan, comms: [Int32: String]) {
      self.window = window
      self.comms = comms
      cursor = window.start
      confirmed = timeline.events.first?.time ?? window.start
      // Before the first sched_switch of the buffer the task is the one that it names as leaving.
      let first = timeline.events.first?.pid ?? 0
      task = TaskIdentity(pid: first, comm: comms[first] ?? "")
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
      return task.isIdle ? .idle : .task(task, priority?.known)
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

    /// Each event names the current task; where it is another one than replayed, a switch is
    /// missing.
    ///
    /// Some kernels do not record switches from idle: where idle was to leave, the new task runs
    /// from there on.
    mutating func confirm(_ task: TaskIdentity, at event: TraceEvent) {
      defer { noteConfirmed(event) }
      guard task.pid != self.task.pid else { return }
      emit(until: self.task.isIdle && idleIsToLeave && frames.isEmpty ? confirmed : event.time)
      if let missing = TimeSpan(confirmed, event.time).clipped(to: window) {
        doubtful.append(missing)
      }
      self.task = task
      priority = priorities[task.pid]
      told = slices.count
      named = slices.count
      if !event.context.inHardIRQ, !event.context.inSoftIRQ, !event.context.inNMI {
        clearFrames()
      }
    }

    private mutating func noteConfirmed(_ event: TraceEvent) {
      confirmed = event.time
      idleIsToLeave = event.pid == 0 && event.context.needResched
    }

    mutating func clearFrames() {
      frames.removeAll(keepingCapacity: true)
      marked.removeAll(keepingCapacity: true)
    }

    mutating func apply(_ event: TraceEvent) {
      closeInterrupts(event)
      if case .switched(let change) = event.payload {
        confirm(change.previous, at: event)
      } else if event.pid == task.pid {
        noteConfirmed(event)
        leaving = nil
      } else if event.pid != leaving, event.pid != -1 {
        confirm(TaskIdentity(pid: event.pid, comm: comms[event.pid] ?? ""), at: event)
      }
      switch event.payload {
      case .switched(let change):
        emit(until: event.time)
        correctPriority(change)
        correctName(change.previous)
        clearFrames()
        task = change.next
        priority = change.nextPriority
        told = slices.count
        named = slices.count
        priorities[change.previous.pid] = change.previousPriority
        priorities[change.next.pid] = change.nextPriority
        leaving = change.previous.pid
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
        emit(until: max(cursor, event.time - max(duration, .zero)))
        frames.append(.nmi(handler.name))
        emit(until: event.time)
        frames.removeLast()
      case .prioritySet(let boosted, let old, let new):
        setPriority(of: boosted.pid, from: old, to: new, at: event.time)
      case .other(let other):
        if let rename = TaskRename(other), rename.pid == task.pid { apply(rename, at: event) }
      default: break
      }
    }

    /// A change that another CPU made.
    mutating func apply(_ boost: Boost) {
      setPriority(of: boost.pid, from: boost.old, to: boost.new, at: boost.event.time)
    }

    /// A task that was more urgent than known was so since it had been reported last.
    private mutating func setPriority(
      of pid: Int32, from old: KernelPriority, to new: KernelPriority, at time: Nanoseconds
    ) {
      priorities[pid] = new
      guard pid == task.pid else { return }
      emit(until: time)
      correctPriority(of: pid, to: old)
      priority = new
      told = slices.count
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

    /// Ends interrupts whose exit was not recorded: an event outside of them says that they are
    /// over.
    mutating func closeInterrupts(_ event: TraceEvent) {
      while let top = frames.last, marked.last == true {
        let isInside: Bool
        switch (top, event.payload) {
        case (.irq, .irqExit), (.vector, .vectorExit), (.softirq, .softirqExit): isInside = true
        // Handlers run with IRQs disabled: a vector does not come on top of one.
        case (.vector, .vectorEntry), (.irq, .vectorEntry): isInside = false
        case (.softirq, _): isInside = event.context.inSoftIRQ || event.context.inHardIRQ
        default: isInside = event.context.inHardIRQ || event.context.inNMI
        }
        guard !isInside else { break }
        emit(until: max(lastMarked, cursor))
        frames.removeLast()
        marked.removeLast()
      }
      if !frames.isEmpty { lastMarked = event.time }
    }

    /// A task that changed its own priority leaves with another one than it came with.
    ///
    /// Only a more urgent one is taken over: having lowered its own, it would have had to leave at
    /// once.
    mutating func correctPriority(_ change: SwitchEvent) {
      correctPriority(of: change.previous.pid, to: change.previousPriority)
    }

    private mutating func correctPriority(of pid: Int32, to known: KernelPriority) {
      guard pid == task.pid, priority.map({ known.outranks($0) }) ?? true else { return }
      for index in slices.indices[min(told, slices.count)...] {
        if case .task(let task, _) = slices[index].occupant, task.pid == pid {
          slices[index].occupant = .task(task, known.known)
        }
      }
      priority = known
    }

    /// The running task takes another name: up to here it had the old one.
    mutating func apply(_ rename: TaskRename, at event: TraceEvent) {
      emit(until: event.time)
      correctName(TaskIdentity(pid: rename.pid, comm: rename.old))
      task.comm = rename.new
      named = slices.count
    }

    /// A task may take another name (exec, prctl) while it runs: then its leaving reports the newer
    /// one, which is taken for the whole turn where no event says when it changed.
    mutating func correctName(_ leaving: TaskIdentity) {
      guard leaving.pid == task.pid, leaving.comm != task.comm, !leaving.comm.isEmpty else {
        return
      }
      for index in slices.indices[min(named, slices.count)...]
      where slices[index].task.pid == leaving.pid {
        slices[index].task = leaving
        if case .task(_, let priority) = slices[index].occupant {
          slices[index].occupant = .task(leaving, priority)
        }
      }
      task = leaving
    }

    /// The same where the task leaves after the window.
    mutating func learnPriority(from timeline: CPUTimeline) {
      for event in timeline.events where event.time >= window.end {
        switch event.payload {
        case .switched(let change):
          correctPriority(change)
          correctName(change.previous)
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
