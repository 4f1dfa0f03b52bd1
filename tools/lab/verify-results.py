#!/usr/bin/env python3
"""Turns the JSON of `breaktrace verify` into checks: a line each, "ok TEXT" or "FAILED TEXT: REASON".

Arguments: the kernel's name, the command's status, its standard output, its standard error.
"""

import json
import sys

WANTED = {
    "throttling": ({"rt-throttling", "deadline-server", "higher-priority-task"}, "bt-loop-"),
    "run-queue": ({"run-queue"}, "bt-neighbour"),
    "page-faults": ({"page-fault"}, ""),
}


def main():
    kernel, status, score, said = sys.argv[1:5]
    failed = False

    def check(text, good, otherwise=""):
        nonlocal failed
        failed = failed or not good
        print(f"ok {kernel}: {text}" if good else f"FAILED {kernel}: {text}: {otherwise}")

    try:
        with open(score, encoding="utf-8") as file:
            report = json.load(file)
    except ValueError:
        with open(said, encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
        check("verify comes to its end", False, f"status {status}: {' '.join(lines[-4:])}")
        return 1
    rows = {row["fault"]: row for row in report["faults"]}
    for fault, (classes, name) in WANTED.items():
        row = rows.get(fault, {"rounds": []})
        rounds = row["rounds"]
        what = "; ".join(r["headline"] for r in rounds) or row.get("obstacle") or row.get("shortfall")
        wrong = [r["headline"] for r in rounds
                 if r["confidence"] == "proven" and not (r["class_right"] and r["name_right"])]
        check(f"verify proves nothing wrong of {fault}", not wrong, "; ".join(wrong))
        check(f"verify names {fault}", any(r["class"] in classes and name in r["name"] for r in rounds),
              what)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
