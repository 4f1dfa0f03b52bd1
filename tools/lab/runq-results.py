#!/usr/bin/env python3
"""Judges what tools/lab/runq-guest left in a directory: a line a check, "ok TEXT", "FAILED TEXT: REASON" or
"skipped TEXT: REASON".

Usage: runq-results.py KERNEL DIRECTORY
"""

import json
import os
import re
import sys

KERNEL, DIRECTORY = sys.argv[1], sys.argv[2]
# What a latency may differ from the truth by: the injector's own work around it.
TOLERANCE_US, TOLERANCE = 150, 0.05


def check(text, good, otherwise=""):
    print(f"ok {KERNEL}: {text}" if good else f"FAILED {KERNEL}: {text}: {otherwise}")


def read(name):
    try:
        with open(os.path.join(DIRECTORY, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def rows(name):
    return [json.loads(line) for line in read(name).splitlines() if line.startswith("{")]


def truths(name):
    return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in read(name).splitlines()]


def close(got_ns, wanted_us):
    return abs(got_ns / 1000 - wanted_us) <= max(TOLERANCE_US, TOLERANCE * wanted_us)


def ended_well(name, state=None):
    check(f"runq, {name}: ends with 0", read(f"{name}.status").strip() == "0",
          read(f"{name}.status").strip() + " " + read(f"{name}.error")[-200:].replace("\n", " "))
    if state is not None:
        check(f"runq, {name}: leaves tracefs as it was", not state.strip(), state.replace("\n", " "))


def work(fault, function):
    """A work item, and the one behind it that comes late."""
    ended_well(fault, read(f"{fault}.state"))
    late = next((t for t in truths(f"{fault}.truth") if t["function"] == "bt_late_work_function"), None)
    row = next((r for r in rows(f"{fault}.json") if r.get("name") == "bt_late_work_function"), None)
    check(f"runq, {fault}: the late item is a row", bool(late and row), read(f"{fault}.truth"))
    if not late or not row:
        return
    took = int(late["took_us"])
    check(f"runq, {fault}: its waiting time is the truth's", close(row["latency_ns"], took),
          f"{row['latency_ns'] / 1000} us, truth {took} us")
    parts = row["parts"]
    check(f"runq, {fault}: the parts add up", sum(parts.values()) == row["latency_ns"], str(parts))
    # The first item may itself wait for the CPU: the reader of the trace preempts ordinary tasks.
    before = {b["name"]: b["ns"] for b in row["before"]}
    named = before.get(function, 0)
    check(f"runq, {fault}: {function} is named as the work before it, with its time",
          named > 0.4 * took * 1000 and close(named + parts["waited_for_cpu_ns"], took), f"{row['before']} {parts}")


def softirq(fault, function):
    """An ordinary task waits behind the softirq's function; where its timer is a softirq too, that one waits."""
    ended_well(fault, read(f"{fault}.state"))
    truth = next((t for t in truths(f"{fault}.truth") if t["fault"] == fault), None)
    all_rows = rows(f"{fault}.json")
    check(f"runq, {fault}: there is a truth", bool(truth), read(f"{fault}.truth"))
    if not truth:
        return
    took = int(truth["took_us"])
    ran = [f for r in all_rows if r["type"] == "softirq" for f in r["functions"] if f["name"] == function]
    behind = [(r, b) for r in all_rows if r["type"] == "wait" for b in r["behind"]
              if b["kind"] == "softirq" and b["name"].endswith(" " + function)]
    behind += [(r, b) for r in all_rows if r["type"] == "softirq" for b in r["before"]
               if b["name"].endswith(" " + function)]
    named = max((b["ns"] for _, b in behind), default=0)
    seen = [(r["comm"], b["name"], b["ns"]) for r in all_rows if r["type"] == "wait" for b in r["behind"]
            if b["ns"] > 1e6]
    largest = [b for r, b in behind
               if b["ns"] >= max(e["ns"] for e in r["behind" if r["type"] == "wait" else "before"])]
    # The witness wants the CPU each ms, so up to 1 ms of the softirq is over before somebody waits.
    check(f"runq, {fault}: {function} is named with its length", took - 1200 <= named / 1000 <= took + TOLERANCE_US,
          f"{named / 1000} us, truth {took} us; {seen[:6]} {ran[:3]}")
    check(f"runq, {fault}: and it is the largest part of a wait", bool(largest), str(seen[:6]))


def filters():
    """The kernel's filter and all events give the same waits."""
    if not read("kernel.can").strip():
        print(f"skipped {KERNEL}: runq, kernel's filter: the kernel has no synthetic events that triggers make")
        return
    ended_well("kernel", read("kernel.state"))
    defined = [l for l in read("kernel.defined").splitlines() if "breaktrace_" in l]
    check("runq, kernel's filter: one synthetic event, under our own name", len(defined) == 1, str(defined))
    pages, kernel = rows("pages.json"), rows("kernel.json")
    summary = kernel[-1]
    check("runq, kernel's filter: it is the one that filters", summary.get("filtered_in") == "kernel",
          read("kernel.error")[-300:])
    a = [r for r in pages if r["type"] == "wait"]
    b = [r for r in kernel if r["type"] == "wait"]
    if not a or not b:
        check("runq, kernel's filter: both give rows", False, f"{len(a)}, {len(b)}")
        return
    # Both were running from here to there; those on the threshold may fall on either side.
    first, last = min(r["time_ns"] - r["latency_ns"] for r in b), max(r["time_ns"] for r in b)
    truth = truths("kernel.truth")
    begin = min(int(t["begin_ns"]) for t in truth) if truth else first
    end = max(int(t["end_ns"]) for t in truth) if truth else last

    def select(values):
        return [r for r in values if begin <= r["time_ns"] - r["latency_ns"] and r["time_ns"] <= end
                and r["latency_ns"] > 2_050_000]

    def same(x, y):
        return (x["tid"] == y["tid"] and x["comm"] == y["comm"] and x["state"] == y["state"]
                and abs(x["time_ns"] - y["time_ns"]) < 100_000
                and abs(x["latency_ns"] - y["latency_ns"]) < 100_000)

    a, b = select(a), [r for r in b if r["latency_ns"] > 2_000_000]
    missing = [x for x in a if not any(same(x, y) for y in b)]
    all_pages = [r for r in pages if r["type"] == "wait"]
    extra = [y for y in select(b) if not any(same(x, y) for x in all_pages)]
    check(f"runq, kernel's filter: the same {len(a)} waits as from all events",
          len(a) > 20 and not missing and not extra,
          f"{len(a)} waits, {len(missing)} missing {short(missing)}, {len(extra)} more {short(extra)}")
    tell = [y for y in select(b) if y["behind"]]
    check("runq, kernel's filter: the rows tell what was waited behind", len(tell) == len(select(b)),
          f"{len(tell)} of {len(select(b))}")
    hogs = [y for y in tell if any(e["name"] == "bt_hog" and e["ns"] > 7e6 for e in y["behind"])]
    check("runq, kernel's filter: the hog is named", bool(hogs), short(tell))
    warned = [r for r in pages + kernel if r["type"] == "identity_warning"]
    check("runq, both: exec and ids that are used anew make no identity warning", not warned, str(warned[:3]))
    check("runq, kernel's filter: a killed run leaves its definition", "breaktrace_" in read("killed.defined"))
    check("runq, kernel's filter: disarm removes it", not read("killed.state").strip(),
          read("killed.state") + read("killed.said"))


def fallback():
    """A kernel that cannot filter, or seems so, was asked to: all events are read, and that is said."""
    ended_well("fallback", read("fallback.state"))
    values = rows("fallback.json")
    check("runq, without the kernel's filter: it says that all events are read",
          "cannot filter" in read("fallback.error"), read("fallback.error")[-300:])
    check("runq, without the kernel's filter: the summary says so too",
          bool(values) and values[-1].get("filtered_in") == "pages", str(values[-1:])[:200])
    hogs = [r for r in values if r["type"] == "wait" and any(b["name"] == "bt_hog" and b["ns"] > 7e6 for b in r["behind"])]
    check("runq, without the kernel's filter: the hog is named", bool(hogs), short([r for r in values if r["type"] == "wait"]))


def short(values):
    return [(r["comm"], r["tid"], r["state"], r["latency_ns"] // 1000, r["time_ns"] // 1000) for r in values[:5]]


def case():
    """The chain of the flaky test: writer, work queued, kworker behind the hog, reader."""
    if not read("case1.json"):
        return
    good, why = 0, []
    for number in range(1, 6):
        values = rows(f"case{number}.json")
        record = next((v for v in values if v["type"] == "command"), None)
        problem = judge_case(record) if record else "no record: " + read(f"case{number}.said")[-200:]
        if problem:
            why.append(f"{number}: {problem}")
        else:
            good += 1
    check("run -- case: 5 of 5 tell the chain writer, work, kworker behind the hog, reader", good == 5, "; ".join(why))


def judge_case(record):
    for call in record["calls"]:
        if call["comm"] != "case-reader" or call["ns"] < 8e6 or call["timeout"]:
            continue
        for chain in call["chains"]:
            kinds = [(s["kind"], s["comm"].split("/")[0], s.get("work")) for s in chain]
            late = [s for s in chain if s["kind"] == "waited_for_cpu" and s["comm"].startswith("kworker")
                    and any(b["name"] == "case-hog" and b["ns"] > 5e6 for b in s["behind"])]
            writer = any("case-writer" == s["comm"] for s in chain) or any(
                d["work"]["asked_by"]["comm"] == "case-writer" for d in record["deliveries"])
            reader = chain and chain[-1]["comm"] == "case-reader"
            if late and writer and reader:
                ends = [s["start_ns"] + s["ns"] for s in chain]
                holes = [e for e, s in zip(ends, chain[1:]) if e != s["start_ns"]]
                return f"holes in {chain}" if holes else None
    return "no such chain in " + str(
        [(c["name"], c["comm"], c["ns"], [[(s["kind"], s["comm"]) for s in ch] for ch in c["chains"]])
         for c in record["calls"]])[:600]


def main():
    work("work_item", "bt_work_function")
    work("work_highpri", "bt_work_highpri_function")
    softirq("softirq_tasklet", "bt_tasklet_function")
    softirq("softirq_timer", "bt_softirq_timer_function")
    filters()
    fallback()
    case()


if __name__ == "__main__":
    main()
