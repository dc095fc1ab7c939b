#!/usr/bin/env python3
"""Measures Errand alone: its topologies beside one another on a throw-away PostgreSQL.

What `bench/run` falls back to where the harness of the peers is not at hand. Nothing here passes or fails on speed: docs/performance.md
says what is measured.
"""
import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True  # The folder stays as it was checked out.

from load import load
from postgres import Postgres
from target import Target
from usage import children_seconds, cpu_seconds, machine_seconds, resident_mib

OPERATIONS = ("ping", "get", "list", "create", "update", "mixed", "login")
LOGIN_CONNECTIONS = (1, 8)
SEEDED_TASKS = 2000
STARTS = 5
WARM_SECONDS = 1
COLUMNS = {"rate": "req/s", "p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU ms/1k", "postgres": "pg ms/1k"}


def say(text):
    """Tells how far it is: the results alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


def measure(target, postgres, operation, connections, seconds, chance):
    """Loads a target with one operation; returns a sample."""
    target.log_in()
    requests = target.requests(operation, chance)

    def clocks():
        return [cpu_seconds(target.pids()), cpu_seconds([postgres.process.pid]), children_seconds(), machine_seconds(), time.monotonic()]

    before = clocks()
    seen = load(target.work, target.address, requests, seconds, connections)
    own, database, client, machine, wall = (after - start for after, start in zip(clocks(), before))
    if not seen["requests"]:
        raise SystemExit(f"{target.name}: no {operation} was answered within {seconds} s")
    return {"rate": seen["requests"] / seen["seconds"], "p50": seen["p50"], "p99": seen["p99"],
            "cpu": own / seen["requests"] * 1e6, "postgres": database / seen["requests"] * 1e6,
            "failed": seen["failed"], "other": max(0.0, machine - own - database - client) / wall}


def rounds_of(operation, connections, targets, postgres, args):
    """The samples of every target, in rounds that take turns in who is first."""
    samples = {target.name: [] for target in targets}
    postgres.query("postgres", "CHECKPOINT")
    for number in range(args.rounds):
        for target in targets if number % 2 == 0 else targets[::-1]:
            if number == 0:
                measure(target, postgres, operation, connections, WARM_SECONDS, random.Random(0))
            sample = measure(target, postgres, operation, connections, args.secs, random.Random(number + 1))
            samples[target.name].append(sample)
            say(f"  {operation} over {connections}, round {number + 1}: {target.name} {sample['rate']:.0f}/s")
    return samples


def start_times(target):
    """Seconds from start to ready, of processes that find their schema made."""
    target.start()  # Makes the schema.
    times = []
    for _ in range(STARTS):
        target.stop()
        times.append(target.start())
    target.stop()
    return times


def row(name, cells, width=11):
    """A line of a table."""
    return f"{name:<28}" + "".join(f"{cell:>{width}}" for cell in cells)


def operation_table(title, samples):
    """Medians of the rounds, and the first target against each other one: the median of the rounds' ratios."""
    lines = ["", row(title, [*COLUMNS.values(), "failed", "other CPU"])]
    for name, rounds in samples.items():
        cells = [f"{median(sample[column] for sample in rounds):.{0 if column == 'rate' else 2}f}" for column in COLUMNS]
        failed, other = sum(sample["failed"] for sample in rounds), median(sample["other"] for sample in rounds)
        lines.append(row(name, [*cells, failed, f"{other:.2f}"]))
    first, *others = samples
    for other in others:
        pairs = list(zip(samples[first], samples[other]))
        ratios = [[one[column] / two[column] for one, two in pairs if two[column]] for column in COLUMNS]
        names = f"{first} : {other}".replace("errand-", "")
        lines.append(row(names, [f"{median(ratio):.2f}x" if ratio else "-" for ratio in ratios]))
    return "\n".join(lines)


def footprint_table(footprints):
    """What a target costs before any load, and each of its processes."""
    lines = ["", row("without load", ["start ms", "idle MiB", "binary MiB"])]
    for name, (times, processes) in footprints.items():
        total = [f"{sum(process[part] for process in processes):.1f}" for part in (1, 2)]
        lines.append(row(name, [f"{median(times) * 1e3:.0f}", *total]))
        if len(processes) > 1:
            lines += [row("  " + process, ["", f"{memory:.1f}", f"{size:.1f}"]) for process, memory, size in processes]
    return "\n".join(lines)


def login_table(results):
    """Logins a second. One at a time, a login takes what the hash of a password takes and little else."""
    lines = ["", row("logins a second", [f"{count} at a time" for count in LOGIN_CONNECTIONS] + ["1 takes ms"], 13)]
    for name in results["login", LOGIN_CONNECTIONS[0]]:
        rounds = [results["login", count][name] for count in LOGIN_CONNECTIONS]
        rates = [f"{median(sample['rate'] for sample in samples):.1f}" for samples in rounds]
        lines.append(row(name, [*rates, f"{median(sample['p50'] for sample in rounds[0]):.1f}"], 13))
    return "\n".join(lines)


def footprints_of(targets):
    """Start times and, a second after the last start, the processes with their memory and the size of their binary."""
    times = {}
    for target in targets:
        say(f"{target.name}: starting it {STARTS + 1} times")
        times[target.name] = start_times(target)
    for target in targets:
        target.start()
    time.sleep(1)
    return {target.name: (times[target.name],
                          [(Path(command[0]).name, resident_mib(pid), Path(command[0]).stat().st_size / 2**20)
                           for command, pid in zip(target.commands, target.pids())]) for target in targets}


def run(args, work, targets):
    """Starts, seeds and measures; returns the tables. It leaves in `targets` what has to be stopped."""
    postgres = Postgres(work)
    targets.append(postgres)
    postgres.await_ready()
    measured = []
    for file in args.targets:
        measured.append(Target(file, postgres, work))
        targets.append(measured[-1])
    footprints = footprints_of(measured)
    if not shutil.which("wrk"):
        say("no load without wrk: install wrk (Debian, Ubuntu: `apt install wrk`)")
        return [footprint_table(footprints)]
    for target in measured:
        say(f"{target.name}: seeding {SEEDED_TASKS} tasks")
        target.register()
        target.log_in()
        target.seed(SEEDED_TASKS)
        postgres.query(target.database, "VACUUM ANALYZE")
    results = {}
    for operation in args.ops:
        for connections in LOGIN_CONNECTIONS if operation == "login" else (args.conc,):
            results[operation, connections] = rounds_of(operation, connections, measured, postgres, args)
    tables = [operation_table(f"{operation}, {count} connections", samples) for (operation, count), samples in results.items()]
    return tables + [footprint_table(footprints)] + ([login_table(results)] if "login" in args.ops else [])


def arguments():
    """What the command line says."""
    def operations(text):
        chosen = text.split(",")
        if unknown := set(chosen) - set(OPERATIONS):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(OPERATIONS)}")
        return list(dict.fromkeys(chosen))

    def positive(text):
        if (number := int(text)) < 1:
            raise argparse.ArgumentTypeError("must be at least 1")
        return number

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", metavar="TARGET.toml")
    parser.add_argument("--ops", type=operations, default="get,list,create,update,mixed,login", help="of " + ",".join(OPERATIONS))
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--secs", type=positive, default=5, help="of load, a round")
    parser.add_argument("--conc", type=positive, default=64, help="connections (logins: 1 and 8)")
    return parser.parse_args()


def main():
    """Runs in a folder that goes when it ends, whatever ends it."""
    args = arguments()
    if not Path("/proc/stat").exists():
        raise SystemExit("this reads CPU time and memory from /proc: run it on Linux")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work, started = Path(tempfile.mkdtemp(prefix="errand-bench-")), []
    try:
        print("\n".join(run(args, work, started)))
    finally:
        for running in reversed(started):
            running.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
