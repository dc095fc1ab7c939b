"""What an attack did to the others, and whether that is fine."""
from typing import NamedTuple

from others import p99

# Others may wait twice as long as before.
RATIO = 2.0
# What nobody notices is fine, whatever the ratio: where the slowest of a hundred answers takes 5 ms before and 12 ms during an attack,
# two cores, which the attacker's own client and the database also use, have had more to do, and nobody was hurt.
FLOOR = 15.0
MIB = 1 << 20
# MiB a minute of a table that are worth telling.
MUCH = 20
# Cores that something else may use beside what is measured.
QUIET = 0.2


class Result(NamedTuple):
    """All that was seen of one attack."""

    name: str
    before: object
    during: object
    peaks: dict
    limits: dict
    buffers: int
    growth: dict
    told: dict
    ended: list
    complaints: dict
    quota: int | None

    def ratio(self):
        """How much longer the others waited."""
        before = self.before.p99()
        return self.during.p99() / before if before else 0.0

    def is_slow(self):
        """Whether the others had to wait too long."""
        return self.during.p99() > max(FLOOR, RATIO * self.before.p99())

    def misses(self):
        """What is not as it should be."""
        found = []
        if self.is_slow():
            found.append(f"the others' p99 went from {self.before.p99():.1f} to {self.during.p99():.1f} ms")
        if self.quota is not None and self.growth["all"] > self.quota:
            found.append(f"the disk grew by {self.growth['all']:.0f} MiB a minute, of {self.quota}")
        for measured, when in ((self.before, "before the attack"), (self.during, "during the attack")):
            found += [f"others {when}: {count}x {error}" for error, count in measured.errors.most_common(6)]
        for name, peak in self.peaks.items():
            if peak > self.limits[name] * MIB:
                sockets = f", {self.buffers / MIB:.0f} of them in sockets" if name == "gateway" else ""
                found.append(f"{name} held {peak / MIB:.0f} MiB of its {self.limits[name]}{sockets}")
        found += [f"{name} ended" for name in self.ended]
        faults = list(dict.fromkeys(self.told["faults"]))
        return found + faults[:4] + ([f"... {len(faults) - 4} more"] if len(faults) > 4 else [])

    def row(self):
        """The line of the table."""
        before, during = self.before.p99(), self.during.p99()
        got = ", ".join(f"{name}: {count}" for name, count in sorted(self.told["seen"].items()))
        memory = " ".join(f"{self.peaks[name] / MIB:.0f}/{limit}" for name, limit in self.limits.items())
        return [self.name, f"{before:.1f} -> {during:.1f} ({self.ratio():.1f}x)",
                f"{sum(self.during.errors.values())} of {len(self.during.answers)}", memory,
                f"{self.buffers / MIB:.0f}", f"{self.growth['all']:.0f}", "MISS" if self.misses() else "ok", got or "-"]

    def details(self):
        """What does not go into the table."""
        lines = [f"  {name}: {value}" for name, value in self.told["notes"].items()]
        if grown := {name: round(size) for name, size in self.growth.items() if size > MUCH and name != "all"}:
            lines.append(f"  disk MiB/min by table: {grown}")
        lines += [f"  logged {count}x: {said}" for said, count in self.complaints.most_common(5)]
        late = p99(self.during.late)
        if late > FLOOR / 2:
            lines.append(f"  the client of the others was itself late, by {late:.1f} ms for one in a hundred")
        if (elsewhere := self.told["notes"]["cores"]["others on this machine"]) > QUIET:
            lines.append(f"  something else took {elsewhere} cores meanwhile: the times tell little")
        if self.is_slow():
            lines += [f"  p99 by kind, before: {self.before.by_kind()}", f"  during: {self.during.by_kind()}"]
        return lines + [f"  MISS: {miss}" for miss in self.misses()]


COLUMNS = ["attack", "others' p99 ms", "others' errors", "MiB gateway auth tasks", "sockets MiB", "disk MiB/min", "", "what it got"]


def table(results):
    """All rows, under their names."""
    rows = [COLUMNS] + [result.row() for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]) for row in rows)
