"""Records scheduler and interrupt events of this machine for the benches that read files."""
import os, struct, subprocess

TRACEFS = "/sys/kernel/tracing"
EVENTS = [
    "sched/sched_switch", "sched/sched_waking", "sched/sched_wakeup", "irq",
    "timer/hrtimer_start", "timer/hrtimer_expire_entry"]
LOAD = """
cyclictest -q -m -p80 -t1 -i1000 -D60 >/dev/null & rt=$!
if command -v perf >/dev/null; then
  perf bench sched pipe -l 250000 >/dev/null 2>&1 & one=$!
  perf bench sched pipe -l 250000 >/dev/null 2>&1 & wait $one $!
else
  hackbench -g 4 -f 10 -l 4000 >/dev/null
fi
kill $rt; wait; true
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def record(path):
    """Two million scheduler and interrupt events of this machine, in a buffer of its own, as a trace.dat."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    instance = f"{TRACEFS}/instances/offline.bench.{os.getpid()}"
    os.mkdir(instance)
    try:
        def write(name, text):
            with open(f"{instance}/{name}", "w") as file:
                file.write(text)

        write("trace_clock", "mono")
        write("buffer_size_kb", "140000")
        for event in EVENTS:
            write(f"events/{event}/enable", "1")
        subprocess.run(["bash", "-c", LOAD], check=True)
        write("tracing_on", "0")
        pages = []
        cpu = 0
        while os.path.exists(f"{instance}/per_cpu/cpu{cpu}"):
            raw = os.open(f"{instance}/per_cpu/cpu{cpu}/trace_pipe_raw", os.O_RDONLY | os.O_NONBLOCK)
            parts = []
            while True:
                try:
                    part = os.read(raw, 4096)
                except BlockingIOError:
                    break
                if not part:
                    break
                parts.append(part.ljust(4096, b"\0"))
            os.close(raw)
            pages.append(b"".join(parts))
            cpu += 1
        write_trace(path, pages)
    finally:
        os.rmdir(instance)


def write_trace(path, pages):
    """A trace.dat of version 6 (man trace-cmd.dat.v6)."""
    out = bytearray(b"\x17\x08\x44tracing6\0\0\x08" + struct.pack("<I", 4096))

    def sized(content, width="<Q"):
        out.extend(struct.pack(width, len(content)) + content)

    for name in ("header_page", "header_event"):
        out.extend(name.encode() + b"\0")
        sized(read(f"{TRACEFS}/events/{name}"))

    def formats(system):
        folder = f"{TRACEFS}/events/{system}"
        names = sorted(n for n in os.listdir(folder) if os.path.exists(f"{folder}/{n}/format"))
        out.extend(struct.pack("<I", len(names)))
        for name in names:
            sized(read(f"{folder}/{name}/format"))

    formats("ftrace")
    systems = sorted(
        n for n in os.listdir(f"{TRACEFS}/events")
        if n != "ftrace" and os.path.isdir(f"{TRACEFS}/events/{n}"))
    out.extend(struct.pack("<I", len(systems)))
    for system in systems:
        out.extend(system.encode() + b"\0")
        formats(system)
    sized(read("/proc/kallsyms"), "<I")
    sized(read(f"{TRACEFS}/printk_formats"), "<I")
    sized(read(f"{TRACEFS}/saved_cmdlines"))
    out.extend(struct.pack("<I", len(pages)))
    out.extend(b"options  \0")
    clock = b"local global [mono]\0"
    out.extend(struct.pack("<HI", 4, len(clock)) + clock + struct.pack("<H", 0))
    out.extend(b"flyrecord\0")
    offset = (len(out) + 16 * len(pages) + 8 + len(clock) + 4095) // 4096 * 4096
    for part in pages:
        out.extend(struct.pack("<QQ", offset, len(part)))
        offset += len(part)
    sized(clock)
    out.extend(bytes(-len(out) % 4096))
    with open(path, "wb") as file:
        file.write(out)
        for part in pages:
            file.write(part)
