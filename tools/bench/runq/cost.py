#!/usr/bin/env python3
"""What observing costs, and how many switches a second are seen without a loss.

Usage: cost.py BREAKTRACE [ROUNDS] [LOOPS]
       cost.py BREAKTRACE rate [SECONDS]

The first form runs hackbench alone, under breaktrace runq, under runqslower and under perf sched record, in rounds in
which the order turns, and prints medians: of hackbench's wall time and of its CPU time against the same round's run alone
(wall times need a quiet machine, CPU times stand more), and the observer's own CPU time.

The second form lets pairs of processes on each CPU wake each other as fast as they can (perf bench sched pipe), and
says whether events were lost with the default buffer; where they were, it tries the buffer that the summary names.
Needs root, rt-tests, linux-perf, libbpf-tools.
"""
import json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time

breaktrace = sys.argv[1]
work = tempfile.mkdtemp(prefix="bench-runq-")


def switches():
    return int(re.search(r"^ctxt (\d+)", open("/proc/stat").read(), re.M)[1])


def observe(name, command):
    if not command:
        return None
    process = subprocess.Popen(command, stdout=open(f"{work}/{name}", "w"), stderr=open(f"{work}/{name}.err", "w"))
    time.sleep(2)
    return process


def end(process):
    """Ends an observer; its CPU time in seconds."""
    process.send_signal(signal.SIGINT)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime


def summary(name):
    lines = [json.loads(line) for line in open(f"{work}/{name}") if '"type":"summary"' in line]
    return lines[-1] if lines else {}


def cost(rounds, loops):
    observers = {
        "alone": None,
        "breaktrace": [breaktrace, "runq", "--format", "json", "--threshold", "10000"],
        "runqslower": ["runqslower", "10000"],
        "perf": ["perf", "sched", "record", "-o", f"{work}/perf.data"],
    }
    names = list(observers)
    wall, spent, own, rate = ({name: [] for name in names} for _ in range(4))
    lost = []
    for number in range(rounds):
        for name in names[number % 4:] + names[:number % 4]:
            process = observe(name, observers[name])
            before, begin = switches(), time.monotonic()
            child = subprocess.Popen(["hackbench", "-g", "2", "-f", "10", "-l", loops, "-s", "100"],
                                     stdout=subprocess.DEVNULL)
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = 0
            length = time.monotonic() - begin
            wall[name].append(length)
            spent[name].append(usage.ru_utime + usage.ru_stime)
            rate[name].append((switches() - before) / length)
            if process:
                own[name].append(end(process))
            if name == "breaktrace":
                lost.append(summary(name).get("lost_events", -1))
    print(f"{rounds} rounds of hackbench -g 2 -f 10 -l {loops}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'wall s':>9}{'slower':>9}{'CPU s':>9}{'more CPU':>10}{'tool CPU s':>12}{'switches/s':>12}")
    for name in names:
        def ratio(values):
            return 100 * (statistics.median(a / b for a, b in zip(values[name], values["alone"])) - 1)
        tool = f"{statistics.median(own[name]):.2f}" if own[name] else "-"
        print(f"{name:12}{statistics.median(wall[name]):9.2f}{ratio(wall):8.1f}%{statistics.median(spent[name]):9.2f}"
              f"{ratio(spent):9.1f}%{tool:>12}{statistics.median(rate[name]):12.0f}")
    print(f"events lost by breaktrace in each round: {lost}")


def rate(seconds):
    buffer = None
    for attempt in range(3):
        options = ["--buffer", str(buffer)] if buffer else []
        process = observe("rate", [breaktrace, "runq", "--format", "json", "--threshold", "100000", *options])
        before, begin = switches(), time.monotonic()
        loads = [subprocess.Popen(["taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", "100000000"],
                                  stdout=subprocess.DEVNULL, start_new_session=True)
                 for cpu in sorted(os.sched_getaffinity(0))]
        time.sleep(seconds)
        a_second = (switches() - before) / (time.monotonic() - begin)
        for load in loads:
            os.killpg(load.pid, signal.SIGKILL)
            load.wait()
        spent = end(process)
        result = summary("rate")
        print(f"buffer {result['buffer_kb']} KiB a CPU: {a_second:.0f} switches/s for {seconds} s,"
              f" {result['events']} events, {result['lost_events']} lost in {result['lost_marks']} holes,"
              f" tool CPU {spent:.2f} s")
        if not result["lost_marks"]:
            return
        buffer = result.get("needed_buffer_kb")
        print(f"  the summary names {buffer} KiB")
        if not buffer:
            return


try:
    if len(sys.argv) > 2 and sys.argv[2] == "rate":
        rate(float(sys.argv[3]) if len(sys.argv) > 3 else 5)
    else:
        cost(int(sys.argv[2]) if len(sys.argv) > 2 else 5, sys.argv[3] if len(sys.argv) > 3 else "4000")
finally:
    shutil.rmtree(work)
