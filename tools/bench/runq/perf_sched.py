"""What `perf sched latency` and `breaktrace runq` make of the same events, each by its own rules, computed here once more.

The events are perf's own, as `perf script --ns` prints them. perf's rules were found by experiment; which of them this
perf has (does it count sched_waking? does it take R+ for waiting?) is found anew for each recording: `find_rules` tries
them against perf's table, and only those that give every row of it are believed.
"""
import re
from collections import defaultdict, namedtuple

Event = namedtuple("Event", "time cpu current name task state next line")
Wait = namedtuple("Wait", "latency start end cause")
Rules = namedtuple("Rules", "wakeups counts_preempted_in_kernel")

LINE = re.compile(r"^\s*(.*?)\s+(-?\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}):\s+sched:(sched_\w+):\s+(.*)$")
SWITCH = re.compile(r"prev_comm=.* prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> next_comm=.* next_pid=(\d+) ")
TABLE = re.compile(r"\s*(.+?):(\d+)\s+\|\s+([\d.]+) ms \|\s+(\d+) \| avg:\s+([\d.]+) ms \| max:\s+([\d.]+) ms")
STARTS = ("sched_waking", "sched_wakeup", "sched_wakeup_new")

# Why the two differ about a wait.
WAKING = "perf does not count sched_waking"
PREEMPTED = "R+: perf takes a task that was preempted inside the kernel for asleep"
UNRECORDED = "the kernel did not record the switch to the task: no wait for perf, ended where the task is seen to run by us"
UNSEEN_OUT = "the kernel did not record how the task left the CPU: perf believes that it still runs, and ignores its wake-up"
ON_ITS_WAY = "woken before it had left the CPU: perf ignores a wake-up of a task that it believes to run"
LATER = "perf begins at sched_wakeup, when the task stands on the queue; we begin at sched_waking"
FIRST_SEEN = "a task that perf never saw before: counted as a wait from then on"


def read(path):
    """The events of `perf script --ns -F comm,tid,cpu,time,event,trace`, in their order."""
    events, running = [], {}
    for line in open(path, errors="replace"):
        match = LINE.match(line)
        if not match:
            continue
        comm, current, cpu, seconds, nanoseconds, name, rest = match.groups()
        time, cpu, current = int(seconds) * 10**9 + int(nanoseconds), int(cpu), int(current)
        task, state, following = 0, "", 0
        if name == "sched_switch":
            fields = SWITCH.match(rest + " ")
            task, state, following = int(fields[1]), fields[2], int(fields[3])
            current = task
            running[cpu] = following
        elif name in STARTS:
            task = int(re.search(r" pid=(\d+)", rest)[1])
        elif name == "sched_stat_runtime":
            task = int(re.search(r" pid=(\d+)", " " + rest)[1])
        if current < 0:
            # perf knows no id any more for a task that is ending.
            current = running.get(cpu, 0)
        text = f"{comm:>16}-{current:<7} [{cpu:03}] d..2. {seconds}.{nanoseconds}: {name}: {rest}"
        events.append(Event(time, cpu, current, name, task, state, following, text))
    return events


def table(text):
    """perf's table: count and maximum in ns by thread. Ids that were used twice are taken together."""
    rows = {}
    for line in text.splitlines():
        match = TABLE.match(line)
        if match:
            count, largest = rows.get(int(match[2]), (0, 0))
            rows[int(match[2])] = (count + int(match[4]), max(largest, round(float(match[6]) * 1e6)))
    return rows


def by_perf(events, rules):
    """The waits by perf's rules, by thread, and why a switch to a task ended none: {(thread, time): reason}.

    A task that leaves the CPU as R waits, any other sleeps; a wake-up of one that sleeps begins a wait; the next switch to
    it ends it. Wake-ups in any other state are ignored, and so is a switch to a task that is not waiting.
    """
    state, waits, dropped, reason = {}, defaultdict(list), {}, {}
    for event in events:
        task = event.task
        if event.name == "sched_switch":
            runnable = event.state == "R" or (rules.counts_preempted_in_kernel and event.state == "R+")
            state[task] = ("waits" if runnable else "sleeps", event.time, event.time)
            if event.state == "R+":
                reason[task] = PREEMPTED
            elif reason.get(task) not in (ON_ITS_WAY, WAKING):
                reason[task] = None
            known, _, start = state.get(event.next, ("first seen", 0, event.time))
            if known in ("waits", "first seen"):
                cause = FIRST_SEEN if known == "first seen" else reason.get(event.next)
                waits[event.next].append(Wait(event.time - start, start, event.time, cause))
                state[event.next] = ("runs", event.time, start)
            else:
                dropped[event.next, event.time] = reason.get(event.next)
            reason[event.next] = None
        elif event.name == "sched_stat_runtime" and task not in state:
            state[task] = ("waits", event.time, event.time)
            reason[task] = FIRST_SEEN
        elif event.name in STARTS:
            known, left, start = state.get(task, ("sleeps", event.time, 0))
            if event.name not in rules.wakeups:
                reason[task] = WAKING
            elif known == "sleeps" and left <= event.time:
                state[task] = ("waits", left, event.time)
                reason[task] = LATER if event.name == "sched_wakeup" else None
            elif known == "runs":
                reason[task] = ON_ITS_WAY
    return waits, dropped


def find_rules(events, rows):
    """The rules that give perf's table, and the rows that they do not give: [(thread, perf's, computed)]."""
    best = None
    for wakeups in (("sched_wakeup_new",), STARTS, ("sched_waking", "sched_wakeup_new"), ("sched_wakeup", "sched_wakeup_new")):
        for kernel in (False, True):
            rules = Rules(wakeups, kernel)
            waits, _ = by_perf(events, rules)
            bad = []
            for task, (count, largest) in rows.items():
                computed = (len(waits[task]), max((wait.latency for wait in waits[task]), default=0))
                # The table shows whole us.
                if computed[0] != count or abs(computed[1] - largest) > 1000:
                    bad.append((task, (count, largest), computed))
            if best is None or len(bad) < len(best[1]):
                best = (rules, bad)
    return best


def by_us(events):
    """The waits by our rules, by thread.

    From the latest sched_waking, or from leaving the CPU as R or R+, to the switch to the task. One that is woken while it
    leaves waits from the moment at which it has left. Where an event shows another task running than the last switch said,
    a switch is missing: it is taken to have come with the CPU's event before.
    """
    start, waits, running, latest = {}, defaultdict(list), {}, {}

    def switch(time, cpu, task, state, following, unrecorded=False):
        if task and state.startswith("R"):
            start[task] = (time, "preempted in the kernel" if "+" in state else "preempted")
        elif task and task in start:
            start[task] = (max(time, start[task][0]), "woken while it left")
        if state[0] in "XZ":
            start.pop(task, None)
        running[cpu] = following
        if following in start:
            began, cause = start.pop(following)
            waits[following].append(Wait(max(0, time - began), began, time, "unrecorded" if unrecorded else cause))

    for event in events:
        if event.name == "sched_stat_runtime":
            continue
        if running.get(event.cpu, event.current) != event.current:
            began = start.get(event.current, (0, ""))[0]
            switch(min(event.time, max(latest[event.cpu], began)), event.cpu, running[event.cpu], "?", event.current, True)
        latest[event.cpu] = max(event.time, latest.get(event.cpu, 0))
        if event.name == "sched_switch":
            switch(event.time, event.cpu, event.task, event.state, event.next)
        elif event.name in ("sched_waking", "sched_wakeup_new") and event.task:
            start[event.task] = (event.time, "woken")
    return waits


def unrecorded_leaves(events):
    """When the kernel did not record a switch: the tasks that left by it, {thread: [time at which it was noticed]}."""
    running, leaves = {}, defaultdict(list)
    for event in events:
        if running.get(event.cpu, event.current) != event.current:
            leaves[running[event.cpu]].append(event.time)
        running[event.cpu] = event.next if event.name == "sched_switch" else event.current
    return leaves


def differences(task, ours, perfs, dropped, leaves):
    """What the two sets of rules make of the same events differently: [(our wait or None, perf's or None, rule or None)].

    No rule: nothing here explains it.
    """
    ends, found = {wait.end: wait for wait in perfs}, []
    for wait in ours:
        other = ends.pop(wait.end, None)
        if other is not None and other.start == wait.start:
            continue
        rule = None
        if other is not None:
            rule = other.cause if other.cause == LATER and other.start > wait.start else None
        elif wait.cause == "unrecorded":
            rule = UNRECORDED
        elif (task, wait.end) in dropped:
            rule = dropped[task, wait.end]
            if rule == ON_ITS_WAY and any(time <= wait.end for time in leaves) and wait.cause != "woken while it left":
                rule = UNSEEN_OUT
            if rule == PREEMPTED and wait.cause != "preempted in the kernel":
                rule = None
        found.append((wait, other, rule))
    for wait in ends.values():
        hidden = any(own.cause == "unrecorded" and wait.start <= own.end <= wait.end for own in ours)
        found.append((None, wait, UNRECORDED if hidden else FIRST_SEEN if wait.cause == FIRST_SEEN else None))
    return found
