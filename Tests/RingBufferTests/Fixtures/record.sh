#!/bin/sh
# Records the fixture `Fixtures/live`: some pages of this machine's ring buffer with what is needed to decode them.
# Needs root and tracefs; makes an instance of its own and removes it.
set -eu
out=${1:?usage: record-fixture.sh DIRECTORY}
t=/sys/kernel/tracing
i=$t/instances/ring.fixture.$$
mkdir -p "$out"
mkdir "$i"
trap 'rmdir "$i"' EXIT
echo mono > "$i/trace_clock"
echo 20 > "$i/buffer_size_kb"
for s in sched irq irq_vectors timer workqueue; do
  for e in "$i/events/$s"/*/; do
    e=$(basename "$e")
    case $s:$e in *:vector_*|sched:sched_stat*|sched:sched_numa*|sched:sched_move*) continue;; esac
    echo 1 > "$i/events/$s/$e/enable"
    mkdir -p "$out/formats/$s"
    cat "$t/events/$s/$e/format" > "$out/formats/$s/$e"
  done
done
mkdir -p "$out/formats/ftrace"
for e in print kernel_stack user_stack bputs raw_data; do
  cat "$t/events/ftrace/$e/format" > "$out/formats/ftrace/$e"
done
for n in 1 2 3 4 5 6 7 8; do sh -c 'sleep 0.01 & wait'; done
echo stacktrace > "$i/events/sched/sched_waking/trigger"
sh -c 'sleep 0.003 & wait'
echo 'a marker of the fixture' > "$i/trace_marker"
echo 0 > "$i/tracing_on"
cat "$t/events/header_page" > "$out/header_page"
cat "$t/events/header_event" > "$out/header_event"
cat "$t/saved_cmdlines" > "$out/saved_cmdlines"
for c in "$i"/per_cpu/cpu*; do
  n=$(basename "$c")
  # The kernel's own text of the same buffer, before reading the pages takes them out.
  cat "$c/trace" > "$out/$n.txt"
  dd if="$c/trace_pipe_raw" of="$out/$n.raw" bs=4096 iflag=nonblock 2>/dev/null || true
done
cat /proc/kallsyms > "$out/kallsyms.full"
uname -r > "$out/kernel"
