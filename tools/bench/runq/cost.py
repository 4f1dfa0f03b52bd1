#!/usr/bin/env python3
"""What observing costs, and how many switches a second are seen without a loss.

Usage: cost.py BREAKTRACE [ROUNDS] [LOOPS]
       cost.py BREAKTRACE rate [SECONDS] [BUFFER_KB] [ROUNDS]
       cost.py BREAKTRACE starved [LOOPS] [BUFFER_KB] [ROUNDS]

The first form runs hackbench alone, under breaktrace runq, under runqslower and under perf sched record, in rounds in
which the order turns, and prints medians: of hackbench's wall time and of its CPU time against the same round's run alone
(wall times need a quiet machine, CPU times stand more), and the observer's own CPU time.

The second form lets pairs of processes on each CPU wake each other as fast as they can (perf bench sched pipe), and
says whether events were lost with that buffer (the default one without); where they were, it tries the buffer that the
summary names, and its exit status says whether that was enough in each round. The third form does the same with pairs of
real-time priority 50, which keep the reader from every CPU for a fraction of a second, and tries the first buffer once more with
a reader of priority 60 (chrt).
Needs root, rt-tests, linux-perf, libbpf-tools.
"""
import json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time

breaktrace = sys.argv[1]
work = tempfile.mkdtemp(prefix="bench-runq-")


def switches():
    return int(re.search(r"^ctxt (\d+)", open("/proc/stat").read(), re.M)[1])


def favour(process):
    """Gives a session of its own the CPU before whatever else runs on the machine (sched_autogroup)."""
    try:
        with open(f"/proc/{process.pid}/autogroup", "w") as file:
            file.write("-20")
    except OSError:
        pass


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
                                     stdout=subprocess.DEVNULL, start_new_session=True)
            favour(child)
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


def pairs(seconds):
    """Pairs of processes on each CPU that wake each other as fast as they can; switches a second."""
    before, begin = switches(), time.monotonic()
    loads = [subprocess.Popen(["taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", "100000000"],
                              stdout=subprocess.DEVNULL, start_new_session=True)
             for cpu in sorted(os.sched_getaffinity(0))]
    for load in loads:
        favour(load)
    time.sleep(seconds)
    a_second = (switches() - before) / (time.monotonic() - begin)
    for load in loads:
        os.killpg(load.pid, signal.SIGKILL)
        load.wait()
    return a_second


def hogging_pairs(loops):
    """The same at real-time priority 50. They end by themselves: nobody else may get a CPU to end them."""
    before, begin = switches(), time.monotonic()
    loads = [subprocess.Popen(["chrt", "-f", "50", "taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", str(loops)],
                              stdout=subprocess.DEVNULL, start_new_session=True)
             for cpu in sorted(os.sched_getaffinity(0))]
    for load in loads:
        load.wait()
    a_second = (switches() - before) / (time.monotonic() - begin)
    time.sleep(0.5)
    return a_second


def observed(load, buffer, *prefix):
    """A summary of breaktrace runq beside a load, and a line that says it."""
    size = ["--buffer", str(buffer)] if buffer else []
    process = observe("rate", [*prefix, breaktrace, "runq", "--format", "json", "--threshold", "1000000", *size])
    a_second = load()
    spent = end(process)
    result = summary("rate")
    reader = result["reader"]
    why = ""
    if "gap_ns" in reader:
        parts = {"waited for a CPU": "waited_for_cpu_ns", "ran": "ran_ns", "slept": "slept_ns"}
        why = (f"; {reader['cause']}: {reader['gap_ns'] / 1e6:.2f} ms between two reads, of which"
               + ",".join(f" {name} {reader.get(key, 0) / 1e6:.2f}" for name, key in parts.items())
               + f"; {reader['peak_bytes_per_second'] / 1048576:.1f} MiB/s a CPU; behind {reader['behind_ns'] / 1e6:.0f} ms")
    print(f"buffer {result['buffer_kb']} KiB a CPU: {a_second:.0f} switches/s,"
          f" {result['events']} events, {result['lost_events']} lost in {result['lost_marks']} holes,"
          f" tool CPU {spent:.2f} s{why}", flush=True)
    return result


def named(load, buffer):
    """Whether the buffer that the summary of a run with losses names is enough.

    None where nothing was lost, or where the second run tells nothing: its reader waited longer for a CPU.
    """
    first = observed(load, buffer)
    if not first["lost_marks"]:
        return None
    print(f"  the summary names {first['needed_buffer_kb']} KiB")
    second = observed(load, first["needed_buffer_kb"])
    waits = [run["reader"].get("waited_for_cpu_ns", 0) for run in (first, second)]
    if second["lost_marks"] and second["reader"]["cause"] == "starved" and waits[1] > waits[0]:
        print("  the reader waited longer than in the first run: not comparable")
        return None
    return not second["lost_marks"]


def rounds(form, amount, buffer, count):
    load = (lambda: pairs(float(amount))) if form == "rate" else (lambda: hogging_pairs(int(amount)))
    results, above = [], []
    for _ in range(count):
        results.append(named(load, buffer))
        if form == "starved":
            print("  with priority 60:")
            above.append(not observed(load, buffer, "chrt", "-f", "60")["lost_marks"])
    lossy = [result for result in results if result is not None]
    print(f"{count} rounds, {len(lossy)} comparable ones with losses; the named buffer was enough in {sum(lossy)} of them"
          + (f"; priority 60 and the first buffer in {sum(above)} of {count}" if above else ""))
    return all(lossy)


try:
    if len(sys.argv) > 2 and sys.argv[2] in ("rate", "starved"):
        given = sys.argv[3:] + [None] * 3
        enough = rounds(sys.argv[2], given[0] or (5 if sys.argv[2] == "rate" else 40000),
                        int(given[1]) if given[1] else None, int(given[2] or 1))
        sys.exit(0 if enough else 1)
    else:
        cost(int(sys.argv[2]) if len(sys.argv) > 2 else 5, sys.argv[3] if len(sys.argv) > 3 else "4000")
finally:
    shutil.rmtree(work)
