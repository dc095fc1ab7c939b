"""What was seen, as lines of a report: what `errand gate` and `errand report` say, and whether the panels show something."""
import subprocess

from panels import rows
from system import ROOT

FAULTS = []


def judge(what, holds, seen=""):
    """A line of the report."""
    print(f"{'ok    ' if holds else 'FAILED'} {what}{f': {seen}' if seen else ''}", flush=True)
    if not holds:
        FAULTS.append(what)


def panels_show_something(prometheus):
    """As a table."""
    print(f"\n{'board':32} {'panels':>6} {'with data':>9}  without, as is named")
    found = list(rows(ROOT / "helm/errand/dashboards", prometheus))
    for title, panels, full, _, excused in found:
        print(f"{title:32} {panels:6} {full:9}  {', '.join(excused)}")
    print()
    empty = [f"{title}: {panel}" for title, _, _, panels, _ in found for panel in panels]
    judge("every panel shows something but those that are named", not empty, ", ".join(empty))


def gate(errand, prometheus, code, *flags):
    """What `errand gate` says, which has to end so."""
    # A build without optimization, on a machine that does all else too: how fast it is says nothing.
    command = [errand, "gate", "--prometheus", prometheus, "--window", "1m", "--max-latency", "5", "--max-busy", "1", *flags]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    judge(f"errand gate {' '.join(flags)} ends with {code}", outcome.returncode == code, outcome.stdout.strip().replace("\n", "; "))


def report(errand, prometheus, code, wanted, *flags):
    """What `errand report` says, which has to end so, and to say that."""
    command = [errand, "report", "--prometheus", prometheus, "--window", "5m", *flags]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    said = outcome.stdout + outcome.stderr
    judge(f"errand report {' '.join(flags)} ends with {code} and says {wanted!r}", outcome.returncode == code and wanted in said,
          "" if wanted in said else said)
    return said
