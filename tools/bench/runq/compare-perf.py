#!/usr/bin/env python3
"""Side by side: breaktrace runq and `perf sched latency` on the same load: count and maximum of each task born in it.

perf records sched_wakeup beside its usual events: some of its versions record sched_waking and then count no wake-up at all.
With --plain it does not; nearly every row is then one to be explained.
Tolerance: maxima 20 us or 2 % (the stamps of one event are taken a moment apart), counts 1 % or 3 (the edges of two
recordings). A row outside of it must be explained by a named rule, computed from perf's own events:

1. perf's rules, found by trial, must give every row of perf's table from perf's events, exactly;
2. our rules, written down once more in perf_sched.py, must give what `runq --file` says of perf's events, to the ns;
3. each wait about which the two differ must do so by one of the rules that perf_sched.py names;
4. what was recorded live must be what our rules make of perf's events: within the tolerance, or by switches that the kernel
   did not record, for which the two recordings hold different next events. Stamps of one event may be further apart where
   its CPU recorded nothing else between them: something came between the two recorders.

Exit status: 0 all rows agree or are explained; 1 something is not; 2 the recording was not complete: try again.
Needs root, linux-perf, rt-tests.
"""
import argparse, bisect, glob, json, os, re, select, shutil, signal, subprocess, sys, tempfile, time
from collections import Counter, defaultdict

import load, perf_sched

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("breaktrace")
parser.add_argument("load", choices=list(load.TASKS))
parser.add_argument("--plain", action="store_true", help="perf sched record without sched_wakeup")
parser.add_argument("--keep", metavar="DIRECTORY", help="leave the recordings there")
options = parser.parse_args()
breaktrace, kind, keep = options.breaktrace, options.load, options.keep
work = keep or tempfile.mkdtemp(prefix="bench-runq-")
# Live waits that are compared one by one, in us. Shorter ones are in the statistics only.
THRESHOLD = 100


def close(a, b):
    return abs(a - b) <= max(20_000, 0.02 * b)


def alike(a, b):
    return abs(a - b) <= max(3, 0.01 * b)


def largest(waits):
    return max((wait.latency for wait in waits), default=0)


def wait_for(condition, process, errors, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{process.args[0]} does not record: {open(errors).read()[-300:]}")
        time.sleep(0.05)


def record():
    own = subprocess.Popen(
        [breaktrace, "runq", "--filter-in", "pages", "--format", "json", "--threshold", str(THRESHOLD), "--buffer", "32768"],
        stdout=open(f"{work}/own", "w"), stderr=open(f"{work}/own.err", "w"))
    armed = f"/sys/kernel/tracing/instances/breaktrace.{own.pid}.*/events/sched/sched_switch/enable"
    wait_for(lambda: any(open(path).read().startswith("1") for path in glob.glob(armed)), own, f"{work}/own.err")
    # The other events follow within a moment, then it begins to read.
    time.sleep(0.5)
    more = [] if options.plain else ["-e", "sched:sched_wakeup"]
    for name in ("control", "ack"):
        if not os.path.exists(f"{work}/{name}"):
            os.mkfifo(f"{work}/{name}")
    perf = subprocess.Popen(
        ["perf", "sched", "record", "-k", "mono", "-m", "16M", *more, "-o", f"{work}/perf.data", "-D", "-1",
         "--control", f"fifo:{work}/control,{work}/ack"],
        stdout=subprocess.DEVNULL, stderr=open(f"{work}/perf.err", "w"))
    control, ack = os.open(f"{work}/control", os.O_RDWR), os.open(f"{work}/ack", os.O_RDWR | os.O_NONBLOCK)
    os.write(control, b"enable\n")
    wait_for(lambda: select.select([ack], [], [], 0)[0], perf, f"{work}/perf.err")
    os.close(control)
    os.close(ack)
    load.run(kind, groups=2, loops=1000)
    for process in (perf, own):
        process.send_signal(signal.SIGINT)
        process.wait()
    data = ["-i", f"{work}/perf.data"]
    for name, command in [("table", ["perf", "sched", "latency", "-p", *data]),
                          ("script", ["perf", "script", "--ns", "-F", "comm,tid,cpu,time,event,trace", *data])]:
        subprocess.run(command, stdout=open(f"{work}/{name}", "w"), stderr=open(f"{work}/{name}.err", "w"), check=True)


def replayed(events):
    """The summary of `runq --file` on perf's events, written as ftrace's text."""
    with open(f"{work}/text", "w") as file:
        file.write("# tracer: nop\n#\n" + "".join(event.line + "\n" for event in events))
    said = subprocess.run([breaktrace, "runq", "--format", "json", "--threshold", "1000000000", "--file", f"{work}/text"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    return json.loads(said.splitlines()[-1])


def stamps(events):
    """Tells whether two stamps may be of one event: its CPU recorded nothing else between them, and they are not 1 ms apart."""
    by_cpu, cpus = defaultdict(list), defaultdict(set)
    for event in events:
        by_cpu[event.cpu].append(event.time)
        cpus[event.time].add(event.cpu)

    def same(live, perf):
        first, last = min(live, perf), max(live, perf)
        return last - first < 20_000 or last - first < 1_000_000 and any(
            by_cpu[cpu][bisect.bisect_left(by_cpu[cpu], first):bisect.bisect_right(by_cpu[cpu], last)] == [perf]
            for cpu in cpus[perf])

    return same


def main():
    record()
    problems = []
    events = perf_sched.read(f"{work}/script")
    table_text = open(f"{work}/table").read()
    lost = re.findall(r".*(?:lost|LOST).*", open(f"{work}/perf.err").read() + table_text)
    live = [json.loads(line) for line in open(f"{work}/own")]
    summary = live[-1]
    rows = defaultdict(list)
    for row in live:
        if row["type"] == "wait":
            rows[row["tid"]].append(row)
    if lost or summary["lost_marks"]:
        print("not complete: perf", lost, "breaktrace lost", summary["lost_events"], "events")
        return 2

    perf_table = perf_sched.table(table_text)
    rules, bad = perf_sched.find_rules(events, perf_table)
    print(f"load {kind}: {len(events)} events of perf; its rules: wake-ups counted: {', '.join(rules.wakeups)};"
          f" R+ is {'a wait' if rules.counts_preempted_in_kernel else 'none'}")
    print(f"1. perf's rules on its events: {len(perf_table) - len(bad)} of {len(perf_table)} rows of its table, exactly")
    problems += [f"perf's row is not what its rules give: {row}" for row in bad]

    ours, (perfs, dropped) = perf_sched.by_us(events), perf_sched.by_perf(events, rules)
    replay = replayed(events)["tasks"]
    other = [task for task in replay if (task["count"], task["max_ns"]) != (len(ours[task["tid"]]), largest(ours[task["tid"]]))]
    print(f"2. `runq --file` on perf's events: {len(replay) - len(other)} of {len(replay)} tasks as our rules say, to the ns")
    problems += [f"runq --file differs: {task}, computed {len(ours[task['tid']])}, {largest(ours[task['tid']])}" for task in other]

    leaves = perf_sched.unrecorded_leaves(events)
    born = {event.task for event in events if event.name == "sched_wakeup_new"}
    gone = {event.task for event in events if event.name == "sched_switch" and event.state[0] in "XZ"}
    tasks = [task for task in summary["tasks"] if task["name"] == load.TASKS[kind] and task["tid"] in born & gone]
    same = stamps(events)
    agree = again = 0
    rule_waits, rule_rows, explained = Counter(), Counter(), []
    matched, unmatched = 0, Counter()
    for task in tasks:
        tid = task["tid"]
        count, most = perf_table.get(tid, (0, 0))
        found = perf_sched.differences(tid, ours[tid], perfs[tid], dropped, leaves[tid])
        for own, others, rule in found:
            if rule is None:
                problems.append(f"{tid}: ours {own}, perf's {others}: no rule explains it")
            rule_waits[rule] += 1
        unrecorded = [wait for wait in ours[tid] if wait.cause == "unrecorded"]
        # 4: live against our rules on perf's events.
        trouble = []
        if not alike(task["count"], len(ours[tid])) and abs(task["count"] - len(ours[tid])) > len(unrecorded) + 3:
            trouble.append(f"count live {task['count']}, by our rules {len(ours[tid])}")
        partners = set()
        for row in rows[tid]:
            start = row["time_ns"] - row["latency_ns"]
            partner = min(ours[tid], key=lambda wait: abs(wait.start - start), default=None)
            partners.add(partner)
            if partner and close(row["latency_ns"], partner.latency) and abs(partner.start - start) < 20_000:
                matched += 1
            elif partner and partner.cause != "unrecorded" and same(start, partner.start) and same(row["time_ns"], partner.end):
                unmatched["the two recorders' stamps of one event are further apart"] += 1
            elif any(abs(wait.start - start) < 20_000 or start <= wait.end <= row["time_ns"] for wait in unrecorded):
                unmatched["the switch to the task was not recorded"] += 1
            elif any(start - 20_000 <= time <= row["time_ns"] + 20_000 for time in leaves[tid]):
                unmatched["the switch from the task was not recorded"] += 1
            else:
                trouble.append(f"live wait of {row['latency_ns']} ns at {start}: nearest by our rules {partner}")
        for wait in ours[tid]:
            # Half as much again: the live one may be a bit below the threshold.
            if wait.latency > 1_500 * THRESHOLD and wait.cause != "unrecorded" and wait not in partners:
                trouble.append(f"not recorded live: {wait}")
        if not close(task["max_ns"], largest(ours[tid])):
            mine = max(ours[tid], key=lambda wait: wait.latency)
            its = max(rows[tid], key=lambda row: row["latency_ns"], default=None)
            begins = [wait.start for wait in unrecorded]
            ok = mine.cause == "unrecorded" if mine.latency > task["max_ns"] else its and any(
                abs(its["time_ns"] - its["latency_ns"] - start) < 20_000 for start in begins)
            if ok:
                found.append((mine, None, perf_sched.UNRECORDED))
            else:
                trouble.append(f"maximum live {task['max_ns']}, by our rules {mine}")
        problems += [f"{task['name']}-{tid}: {text}" for text in trouble]
        again += not trouble
        # The row as a reader sees it: perf's table beside ours.
        count_ok, most_ok = alike(task["count"], count), close(task["max_ns"], most)
        if count_ok and most_ok:
            agree += 1
            continue
        longest = max(found, key=lambda entry: max((wait.latency for wait in entry[:2] if wait), default=0), default=None)
        if not found:
            problems.append(f"{task['name']}-{tid}: count {task['count']}, perf {count}; maximum {task['max_ns']}, perf {most}:"
                            " no wait is counted differently")
            continue
        if not most_ok:
            rule_rows[longest[2]] += 1
        explained.append((task["name"], tid, f"count {task['count']}, perf {count}; maximum {task['max_ns'] / 1e3:.0f} us,"
                          f" perf {most / 1e3:.0f} us" + ("" if most_ok else f" ({longest[2]})")))
    print(f"3. waits of the load's {len(tasks)} tasks that the two count differently, by rule (and maxima that it decides):")
    for rule, number in rule_waits.most_common():
        print(f"     {number:6} ({rule_rows[rule]}) {rule}")
    print(f"4. live against our rules on perf's events: {again} of {len(tasks)} tasks; {matched} waits above {THRESHOLD} us"
          f" the same, {sum(unmatched.values())} not"
          + "".join(f"\n     {number:6} {why}" for why, number in unmatched.items()))
    print(f"{len(tasks)} tasks: {agree} agree with perf's table within the tolerance, {len(explained)} differ by the rules above")
    for name, tid, text in explained[:45]:
        print(f"     {name}-{tid}: {text}")
    print(f"not explained: {len(problems)}")
    for text in problems[:20]:
        print("    ", text)
    if not tasks:
        print("no task of the load was recorded from its birth to its end")
    return 1 if problems or not tasks else 0


status = 1
try:
    if keep:
        os.makedirs(keep, exist_ok=True)
    status = main()
finally:
    if not keep:
        shutil.rmtree(work)
sys.exit(status)
