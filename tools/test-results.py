#!/usr/bin/env python3
"""Sums the event stream of one run of Swift Testing up.

Usage: test-results.py EVENTS STATUS LOG NAME

Tells people on standard output what failed and what was skipped, and writes
`PASSED FAILED SKIPPED` to file descriptor 3. A run that did not end (a crash, a build error) counts
as one failure and shows the end of its log. A test with parameters counts once.
"""

import json
import os
import re
import sys

TELLING = re.compile(r"Fatal error|error:|crashed|💣| in .* at .*/(Sources|Tests)/")


def read(path):
    """The records of the stream; a half-written last line of a crashed run is left out."""
    records = []
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                try:
                    records.append(json.loads(line))
                except ValueError:
                    pass
    except FileNotFoundError:
        pass
    return records


def text(event):
    """The lines that Swift Testing would print for an event."""
    return [message.get("text", "") for message in event.get("messages", [])]


def place(issue):
    """`File.swift:12` of an issue, or nothing."""
    location = issue.get("sourceLocation") or {}
    name = location.get("fileID") or location.get("_filePath") or ""
    return f"{name}:{location.get('line', '?')}" if name else ""


def main():
    events_path, status, log_path, name = sys.argv[1:5]
    names, functions = {}, set()
    started, finished, skipped, failures = [], set(), {}, {}
    ended = False
    for record in read(events_path):
        payload = record.get("payload", {})
        if record.get("kind") == "test":
            identity = payload.get("id")
            names[identity] = payload.get("displayName") or payload.get("name") or identity
            if payload.get("kind") == "function":
                functions.add(identity)
            continue
        kind, identity = payload.get("kind"), payload.get("testID")
        if kind == "testStarted" and identity in functions:
            started.append(identity)
        elif kind == "testEnded":
            finished.add(identity)
        elif kind == "testSkipped" and identity in functions:
            skipped[identity] = " ".join(text(payload))
        elif kind == "issueRecorded":
            issue = payload.get("issue", {})
            warning = issue.get("isFailure") is False or issue.get("_severity") == "warning"
            if not issue.get("isKnown") and not warning:
                lines = [place(issue)] + text(payload)
                failures.setdefault(identity, []).append("\n        ".join(filter(None, lines)))
        elif kind == "runEnded":
            ended = True

    for identity in started:
        if identity not in finished:
            failures.setdefault(identity, []).append("it did not end: it, or one beside it, crashed")
    failed = list(failures)
    passed = [identity for identity in started if identity not in failures]
    # A bad status without a failed test: nothing was run. An empty selection is not a failure here.
    nothing = ended and not started and not skipped
    broken = (status != "0" or not ended) and not nothing
    count = len(failed) or int(broken)
    print(f"{'FAILED' if count else 'ok':8} {name}: "
          f"{len(passed)} passed, {count} failed, {len(skipped)} skipped")
    for identity in failed:
        print(f"    failed: {names.get(identity, identity or 'outside of a test')}")
        for issue in failures[identity]:
            print(f"        {issue}")
    for identity, reason in skipped.items():
        print(f"    skipped: {reason or names.get(identity, identity)}")
    if broken and (not ended or not failed):
        print(f"    `swift test` ended with status {status}; of its output:")
        with open(log_path, encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        # A crash prints registers and images by the page; where it happened is what counts.
        telling = [line for line in lines if TELLING.search(line)][:20]
        for line in telling or lines[-40:]:
            print(f"        {line}")
    os.write(3, f"{len(passed)} {count} {len(skipped)}\n".encode())


if __name__ == "__main__":
    main()
