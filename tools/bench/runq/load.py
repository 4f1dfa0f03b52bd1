"""The loads that the comparisons put on the machine, for compare.py and compare-perf.py."""
import subprocess, time

# The name that each load's tasks have.
TASKS = {"hackbench": "hackbench", "cpu": "sh"}
HOGS = 5


def run(load, groups, loops, seconds=4):
    """Runs a load to its end: `hackbench` of so many groups and loops, or for `cpu` so many seconds of busy shells."""
    if load == "hackbench":
        subprocess.run(["hackbench", "-g", str(groups), "-f", "10", "-l", str(loops), "-s", "100"],
                       stdout=subprocess.DEVNULL, check=True)
        return
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(HOGS)]
    try:
        time.sleep(seconds)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
