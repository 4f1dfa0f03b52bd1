#!/usr/bin/env python3
"""Turns the results of tools/lab/score into checks: a line each, "ok TEXT" or "FAILED TEXT: REASON"."""

import json
import sys


def check(text, good, otherwise=""):
    print(f"ok {text}" if good else f"FAILED {text}: {otherwise}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)["injections"]
    if not results:
        print("FAILED the scoreboard is empty")
    for result in results:
        tracer = f" with {result['tracer']}" if result["tracer"] else ""
        what = f"{result['kernel']}: {result['fault']}{tracer}"
        says = f"{result.get('class')} {result.get('name')}, {result.get('confidence')}"
        check(f"{what} leaves tracefs as it was", result.get("tracefs_equal"),
              result.get("tracefs_difference", result["outcome"]).replace("\n", " "))
        if result["negative"]:
            check(f"{what} is not blamed",
                  result["outcome"] in ("not hit", "another spike") or result["class_right"], says)
            continue
        if result["outcome"] != "hit":
            check(f"{what} is hit", False, f"{result['outcome']}: {result.get('reason', '')}")
            continue
        check(f"{what} is called {result['expected_classes'][0]}", result["class_right"], says)
        # Where the unwinder may have left the function out, its caller and "or its callee" is the truth.
        check(f"{what} is named", result["name_right"] or result.get("name_open"), says)
        check(f"{what}: the segments add up", result["segments_sum"], "they do not")
        if "section" in result:
            section = result["section"]
            check(f"{what}: the section's length is right", section and section["length_right"],
                  f"{section}, it took {result['took_us']} us")
            check(f"{what}: the section names the culprit or the waiting task",
                  section and section["name_right"], str(section))


if __name__ == "__main__":
    main()
