#!/usr/bin/env python3
"""Side by side: breaktrace runq and `perf sched latency` on the same load: count and maximum of each task born in it.

Usage: compare-perf.py BREAKTRACE {hackbench|cpu}

perf counts a delay for each time that a task got the CPU after it was ready, and starts it at sched_waking as we do; its
stamps are those of perf's own clock, taken a moment apart. Tolerance: maxima 20 us or 2 %, counts 1 % or 3.

perf's own table leaves waits out: those that begin by a preemption inside the kernel (R+, which it takes for sleep), and
others that its state machine drops. So its recording is counted again from `perf script`: that is what ours must agree with.
"""
import json, os, re, signal, subprocess, sys, time

breaktrace, load = sys.argv[1], sys.argv[2]
work = f"/tmp/bench-runq-{os.getpid()}"
os.makedirs(work)
own = subprocess.Popen(
    [breaktrace, "runq", "--format", "json", "--threshold", "1000000", "--buffer", "32768"],
    stdout=open(f"{work}/own", "w"), stderr=subprocess.DEVNULL)
time.sleep(1)
perf = subprocess.Popen(
    ["perf", "sched", "record", "-m", "16M", "-o", f"{work}/perf.data"], stdout=subprocess.DEVNULL,
    stderr=open(f"{work}/perf.err", "w"))
time.sleep(1.5)
if load == "hackbench":
    subprocess.run(["hackbench", "-g", "2", "-f", "10", "-l", "1000", "-s", "100"], stdout=subprocess.DEVNULL)
else:
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(5)]
    time.sleep(4)
    for hog in hogs:
        hog.kill()
        hog.wait()
perf.send_signal(signal.SIGINT)
perf.wait()
own.send_signal(signal.SIGINT)
own.wait()
text = subprocess.run(
    ["perf", "sched", "latency", "-p", "-i", f"{work}/perf.data"], capture_output=True, text=True).stdout
summary = [json.loads(line) for line in open(f"{work}/own") if '"summary"' in line][0]
ours = {task["tid"]: task for task in summary["tasks"]}
wanted = "hackbench" if load == "hackbench" else "sh"
# perf's events counted again: waits that begin at waking or at leaving as R or R+.
start, again = {}, {}
script = subprocess.run(
    ["perf", "script", "-i", f"{work}/perf.data", "-F", "comm,tid,cpu,time,event,trace"], capture_output=True, text=True,
    errors="replace").stdout
for line in script.splitlines():
    match = re.search(r"\s(\d+)\.(\d+):\s+sched:(sched_\w+):\s+(.*)", line)
    if not match:
        continue
    now, event, rest = int(match[1]) * 1000000 + int(match[2]), match[3], match[4]
    if event in ("sched_waking", "sched_wakeup_new"):
        start[int(re.search(r"pid=(\d+)", rest)[1])] = (now, False)
    elif event == "sched_switch":
        fields = re.search(r"prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> .*next_pid=(\d+)", rest)
        previous, state, following = int(fields[1]), fields[2], int(fields[3])
        if state.startswith("R"):
            start[previous] = (now, "+" in state)
        if following in start:
            began, kernel = start.pop(following)
            entry = again.setdefault(following, [0, 0, 0])
            entry[0] += 1
            entry[1] += kernel
            entry[2] = max(entry[2], now - began)
again_max = again_count = 0
rows = agree_max = agree_count = 0
bad = []
for line in text.splitlines():
    match = re.match(r"\s*(\S+?):(\d+)\s+\|\s+([\d.]+) ms \|\s+(\d+) \| avg:\s+([\d.]+) ms \| max:\s+([\d.]+) ms", line)
    if not match or match[1] != wanted or int(match[2]) not in ours:
        continue
    rows += 1
    task, count, largest = ours[int(match[2])], int(match[4]), float(match[6]) * 1000
    mine = task["max_ns"] / 1000
    max_ok = abs(mine - largest) <= max(20, 0.02 * largest)
    count_ok = abs(task["count"] - count) <= max(3, 0.01 * count)
    second = again.get(int(match[2]), [0, 0, 0])
    again_max += abs(mine - second[2]) <= max(20, 0.02 * second[2])
    again_count += abs(task["count"] - second[0]) <= max(3, 0.01 * second[0])
    agree_max += max_ok
    agree_count += count_ok
    if not (max_ok and count_ok):
        bad.append((match[1], int(match[2]), "count", count, task["count"], "max us", largest, mine, "again", second))
print(f"load {load}: {rows} tasks; maximum agrees for {agree_max}, count for {agree_count}; lost by us {summary['lost_events']}")
print(f"against perf's own events counted again with R+: maximum agrees for {again_max}, count for {again_count} of {rows}")
print("perf:", re.findall(r".*(?:lost|LOST).*", open(f"{work}/perf.err").read() + text)[:2])
for row in bad[:10]:
    print("   ", *row)
print(f"(data in {work})")
