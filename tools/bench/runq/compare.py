#!/usr/bin/env python3
"""Side by side: breaktrace runq, runqslower and an independent recount from the kernel's trace text, on the same load.

Usage: compare.py BREAKTRACE {hackbench|cpu} [THRESHOLD_US]

The recount does what runqslower does (start at sched_wakeup, sched_wakeup_new or at being preempted, end at the next
sched_switch to the task) on the text of a tracefs instance of its own. Needs root, libbpf-tools, rt-tests.
"""
import atexit, json, os, re, shutil, signal, subprocess, sys, tempfile, time
from collections import defaultdict

import load

breaktrace, kind = sys.argv[1], sys.argv[2]
threshold = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
tracefs = "/sys/kernel/tracing"
instance = f"{tracefs}/instances/bench-runq-{os.getpid()}"
work = tempfile.mkdtemp(prefix="bench-runq-")
atexit.register(shutil.rmtree, work)


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def close(a, b):
    return abs(a - b) <= max(20, 0.05 * b)


os.mkdir(instance)
try:
    put(f"{instance}/trace_clock", "mono")
    put(f"{instance}/buffer_size_kb", "131072")
    for name in ["sched_switch", "sched_waking", "sched_wakeup", "sched_wakeup_new"]:
        put(f"{instance}/events/sched/{name}/enable", "1")
    own = subprocess.Popen(
        [breaktrace, "runq", "--enqueue", "--format", "json", "--threshold", str(threshold // 2), "--buffer", "32768"],
        stdout=open(f"{work}/own", "w"), stderr=open(f"{work}/own.err", "w"))
    time.sleep(1)
    other = subprocess.Popen(
        ["stdbuf", "-oL", "runqslower", str(threshold)], stdout=open(f"{work}/other", "w"),
        stderr=open(f"{work}/other.err", "w"))
    while "TIME" not in open(f"{work}/other").read():
        time.sleep(0.1)
    put(f"{instance}/trace", "")
    opened = time.monotonic_ns()
    load.run(kind, groups=4, loops=1500)
    put(f"{instance}/tracing_on", "0")
    closed = time.monotonic_ns()
    other.send_signal(signal.SIGINT)
    other.wait()
    own.send_signal(signal.SIGINT)
    own.wait()
    text = open(f"{instance}/trace", errors="replace").read()
finally:
    os.rmdir(instance)

if os.environ.get("KEEP"):
    put(os.environ["KEEP"], text)

# --- the recount
line = re.compile(r"^\s*(.{16})-(\d+)\s+\[(\d+)\]\s+\S+\s+(\d+)\.(\d+): (\w+): (.*)$")
start, counted = {}, defaultdict(list)
first = None
latest_by_cpu = {}
overrun = "LOST" in text
history = defaultdict(list)
for row in text.splitlines():
    match = line.match(row)
    if not match:
        continue
    _, current, cpu, seconds, micro, event, rest = match.groups()
    now = int(seconds) * 1000000 + int(micro)
    first = first or now
    if event in ("sched_wakeup", "sched_wakeup_new"):
        woken = int(re.search(r" pid=(\d+)", rest).group(1))
        start[woken] = now
        history[woken].append((now, "woken"))
    elif event == "sched_switch":
        fields = re.match(r"prev_comm=.* prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> .*next_pid=(\d+)", rest)
        previous, state, following = int(fields[1]), fields[2], int(fields[3])
        history[previous].append((now, "out " + state))
        history[following].append((now, "in"))
        # runqslower looks at the task's state alone: R+ with another state below it is not R for it.
        if state in ("R", "R+"):
            start[previous] = now
        if following in start:
            began = start.pop(following)
            if now - began >= threshold // 2:
                counted[following].append([now - began, began, now, False])

# --- runqslower's rows
rows = []
for row in open(f"{work}/other"):
    match = re.match(r"\d\d:\d\d:\d\d (.{16}) (\d+)\s+(\d+)$", row)
    if match:
        rows.append((match[1].strip(), int(match[2]), int(match[3])))
# --- ours
ours = defaultdict(list)
summary = None
for row in open(f"{work}/own"):
    value = json.loads(row)
    if value["type"] == "wait":
        from_queue = (value["time_ns"] - value.get("enqueued_ns", value["time_ns"] - value["latency_ns"])) / 1000
        ours[value["tid"]].append([from_queue, value["latency_ns"] / 1000, value, False])
    elif value["type"] == "summary":
        summary = value

found, explained, missing = 0, [], []
errors = []
for comm, tid, latency in rows:
    candidates = [own for own in ours[tid] if not own[3] and (close(own[0], latency) or close(own[1], latency))]
    if candidates:
        best = min(candidates, key=lambda own: min(abs(own[0] - latency), abs(own[1] - latency)))
        best[3] = True
        found += 1
        errors.append(min(abs(best[0] - latency), abs(best[1] - latency)))
        continue
    # Is it the distance of an older event of the task to its running, with newer ones between that end or restart the wait?
    # A BPF program that is hit again while it runs on a CPU is skipped, so runqslower misses those.
    events = history[tid]
    for at in [index for index, event in enumerate(events) if event[1] == "in"]:
        began = next((e for e in reversed(range(at)) if events[e][1] != "in" and abs(events[at][0] - events[e][0] - latency) <= 10), None)
        if began is not None and at - began > 1:
            between = ", ".join(f"{kind} +{when - events[began][0]}" for when, kind in events[began + 1:at][:4])
            explained.append((comm, tid, latency, f"{events[began][1]} at {events[began][0]} us, missed: {between}"))
            break
    else:
        missing.append((comm, tid, latency))

only = [own[2] for all in ours.values() for own in all if not own[3] and own[2]["latency_ns"] >= threshold * 1000]
print(f"load {kind}, threshold {threshold} us; runqslower {len(rows)} rows, breaktrace "
      f"{sum(1 for a in ours.values() for o in a if o[1] >= threshold)} rows")
print(f"found with 5 % or 20 us: {found}; largest difference {max(errors, default=0):.1f} us")
print(f"of runqslower alone, explained (it missed an event that the kernel traced): {len(explained)}")
for row in explained[:8]:
    print("   ", *row)
print(f"of runqslower alone, not explained: {len(missing)}")
for row in missing[:12]:
    print("   ", *row)
    for own in ours[row[1]][-3:]:
        print(f"        ours: {own[0]:.0f} / {own[1]:.0f} us {own[2]['state']}")
why, unexplained = defaultdict(int), []
for value in only:
    end, latency = value["time_ns"], value["latency_ns"]
    from_queue = end - value.get("enqueued_ns", end - latency)
    recounted = any(abs(row[2] - end / 1000) <= 50 and close(row[0], from_queue / 1000) for row in counted[value["tid"]])
    if end - latency < opened or end > closed:
        why["begins or ends outside of the time in which all three recorded"] += 1
    elif from_queue / 1000 < threshold:
        why["below the threshold from sched_wakeup on (the wake-up itself took long)"] += 1
    elif recounted and value["state"] == "preempted":
        why["preempted, in the kernel's own text as well: R+ is no R for runqslower, or it was skipped"] += 1
    elif recounted:
        why["in the kernel's own text as well: runqslower skipped it"] += 1
    elif not any(kind == "in" and end / 1000 - latency / 1000 < when <= end / 1000 + 100
                 for when, kind in history[value["tid"]]):
        why["the kernel did not record the switch to it: ended by us where the CPU's next event shows it running"] += 1
    else:
        unexplained.append(value)
print(f"of breaktrace alone: {len(only)}")
for reason, count in why.items():
    print(f"    {count}: {reason}")
print(f"    {len(unexplained)}: not explained")
for value in unexplained[:8]:
    begin, end = (value["time_ns"] - value["latency_ns"]) / 1000, value["time_ns"] / 1000
    around = [f"{kind} {when - begin:+.0f}" for when, kind in history[value["tid"]] if begin - 100 <= when <= end + 100]
    print("       ", value["comm"], value["tid"], value["latency_ns"] // 1000, value["state"], "text:", ", ".join(around[:6]))
if summary:
    print("lost events:", summary["lost_events"], " unrecorded switches:", summary["unrecorded_switches"],
          " switches:", summary["switches"], " dropped waits:", summary["dropped_waits"], " recount overrun:", overrun)
