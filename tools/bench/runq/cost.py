#!/usr/bin/env python3
"""What observing costs: hackbench alone, under breaktrace runq, under runqslower and under perf sched record.

Usage: cost.py BREAKTRACE [ROUNDS] [LOOPS]

Prints the medians of hackbench's time and of the observer's own CPU time, switches a second, and losses. Needs root.
"""
import json, os, re, signal, statistics, subprocess, sys, time

breaktrace = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
loops = sys.argv[3] if len(sys.argv) > 3 else "4000"
work = f"/tmp/bench-runq-{os.getpid()}"
os.makedirs(work)
observers = {
    "alone": None,
    "breaktrace": [breaktrace, "runq", "--format", "json", "--threshold", "10000"],
    "runqslower": ["runqslower", "10000"],
    "perf": ["perf", "sched", "record", "-o", f"{work}/perf.data"],
}


def switches():
    return int(re.search(r"^ctxt (\d+)", open("/proc/stat").read(), re.M)[1])


times, cpu, rate, notes = ({name: [] for name in observers} for _ in range(4))
for _ in range(rounds):
    for name, command in observers.items():
        process = None
        if command:
            process = subprocess.Popen(
                command, stdout=open(f"{work}/{name}", "w"), stderr=open(f"{work}/{name}.err", "w"))
            time.sleep(2)
        before, begin = switches(), time.monotonic()
        subprocess.run(["hackbench", "-g", "2", "-f", "10", "-l", loops, "-s", "100"], stdout=subprocess.DEVNULL)
        end = time.monotonic()
        times[name].append(end - begin)
        rate[name].append((switches() - before) / (end - begin))
        if process:
            process.send_signal(signal.SIGINT)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            cpu[name].append(usage.ru_utime + usage.ru_stime)
        if name == "breaktrace":
            summary = [json.loads(line) for line in open(f"{work}/{name}") if '"summary"' in line][0]
            notes[name].append(f"lost {summary['lost_events']} of {summary['events']}, needs {summary.get('needed_buffer_kb', '-')}")
        elif name == "perf":
            notes[name] += re.findall(r"lost \d+ \w+", open(f"{work}/{name}.err").read())
alone = statistics.median(times["alone"])
print(f"{'':12}{'hackbench s':>12}{'slower':>9}{'tool CPU s':>12}{'switches/s':>12}")
for name in observers:
    own = f"{statistics.median(cpu[name]):.2f}" if cpu[name] else "-"
    median = statistics.median(times[name])
    print(f"{name:12}{median:12.2f}{100 * (median / alone - 1):8.1f}%{own:>12}{statistics.median(rate[name]):12.0f}  "
          + "; ".join(notes[name]))
