"""What processes use, as Linux tells it in /proc."""
import os
import re
import resource
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(roots):
    """The processes and all their descendants."""
    children = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # It ended meanwhile.
            continue
        children.setdefault(parent, []).append(int(entry.parent.name))
    found, waiting = [], list(roots)
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(roots):
    """CPU seconds of the processes, their descendants and the children that those have reaped."""
    ticks = 0
    for pid in family(roots):
        try:
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            continue
    return ticks / TICKS


def machine_seconds():
    """CPU seconds of every process of the machine."""
    return sum(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4])) / TICKS


def children_seconds():
    """CPU seconds of the children that ended: of the load generator, for nothing else ends during a measurement."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_mib(pid):
    """Resident memory of one process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024
