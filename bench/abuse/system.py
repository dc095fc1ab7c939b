"""The system under attack: PostgreSQL and the three processes, and what they use."""
import asyncio
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from postgres import Postgres
from target import Target
from usage import cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gateway", "auth", "tasks")
SIZES = """SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables
UNION ALL SELECT 'all', pg_database_size(current_database())"""
BUFFERS = re.compile(rb"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f(\d+),w(\d+)")


def limits(chart):
    """Memory limits in MiB as the chart's values have them: a service's own, or what holds for each."""
    text, found = (chart / "values.yaml").read_text(), {}
    for name in ("defaults", *SERVICES):
        section = re.search(rf"^{name}:\n((?:[ #\n].*\n|\n)*)", text, re.MULTILINE)[1]
        own = re.search(r"^  resources:\n(?:    .*\n)*?    limits: \{memory: (\d+)Mi\}", section, re.MULTILINE)
        found[name] = int(own[1]) if own else found["defaults"]
    threads = re.search(r"^  workerThreads: (\d+)", text, re.MULTILINE)[1]
    return {name: found[name] for name in SERVICES}, threads


class System:
    """All that is started, and its peaks of memory.

    A pod's limit is held by a cgroup, which is not to be had everywhere; RLIMIT_DATA counts what was reserved, not what is used. So
    nothing is killed here: what a process held at its peak is compared with its limit. That is its resident memory (VmHWM, code
    included), or, where that is more, what was resident together with what the kernel kept for its clients in the buffers of
    sockets, which a cgroup counts too and /proc does not.
    """

    def __init__(self, work, binaries, settings=None):
        for name in SERVICES:
            if not (binaries / name).exists():
                raise SystemExit(f"{binaries / name} is missing: build it with `cargo build --release`, or say where it is by --binaries")
        self.limits, threads = limits(ROOT / "helm" / "errand")
        self.postgres = Postgres(work, autovacuum_naptime="10s")
        file = work / "errand.toml"
        text = (Path(__file__).parent / "errand.toml").read_text()
        more = "".join(f'\n{name} = "{value}"' for name, value in (settings or {}).items())
        text = text.replace("[process.env]", f"[process.env]{more}")
        file.write_text(text.replace("$release", str(binaries.resolve())).replace("$threads", threads))
        try:
            self.postgres.await_ready()
            self.target = Target(file, self.postgres, work)
            self.target.start()
        except BaseException:
            self.stop()
            raise
        self.peaks, self.buffers, self.heard = {}, 0, 0

    @property
    def server(self):
        """Where the gateway listens."""
        host, port = self.target.address.split(":")
        return host, int(port)

    @property
    def database(self):
        """The database, for psql."""
        return f"postgres://bench@127.0.0.1:{self.postgres.port}/{self.target.database}"

    def admin(self, name):
        """Where a process tells its metrics."""
        return f"127.0.0.1:{self.target.values[{'gateway': 'port3', 'auth': 'port4', 'tasks': 'port5'}[name]]}"

    def processes(self):
        """The three by name; `errand.toml` starts the gateway last."""
        auth, tasks, gateway = self.target.processes
        return {"gateway": gateway, "auth": auth, "tasks": tasks}

    def ended(self):
        """Those that are gone."""
        return [name for name, process in self.processes().items() if process.poll() is not None]

    def restart(self):
        """All three anew, on the same database."""
        self.target.stop()
        with priority(0):
            self.target.start()

    def stop(self):
        """Ends everything."""
        if hasattr(self, "target"):
            self.target.stop()
        self.postgres.stop()

    def cpu(self):
        """CPU seconds of each part so far."""
        return {name: cpu_seconds([process.pid]) for name, process in (self.processes() | {"postgres": self.postgres.process}).items()}

    def settle(self):
        """Writes out what was prepared, so that it is not the attack that has to."""
        self.postgres.query(self.target.database, "CHECKPOINT")

    def sizes(self):
        """Bytes on disk: of the database, and of each table with all that belongs to it."""
        found = self.postgres.query(self.target.database, SIZES).stdout.decode()
        return Counter({name: int(size) for name, size in re.findall(r"^ *(\S+) *\| *(\d+)$", found, re.MULTILINE)})

    def forget_peaks(self):
        """Peaks are from here on, and so are complaints."""
        self.heard = (self.target.work / "log").stat().st_size
        self.peaks, self.buffers = dict.fromkeys(SERVICES, 0), 0
        for process in self.processes().values():
            try:
                Path(f"/proc/{process.pid}/clear_refs").write_text("5")
            except OSError:
                continue

    def complaints(self):
        """What the three have logged as warnings and errors, and how often."""
        with open(self.target.work / "log", "rb") as log:
            log.seek(self.heard)
            lines = [line for line in log if b'"severity_text":"WARN"' in line or b'"severity_text":"ERROR"' in line]
        return Counter(complaint(line) for line in lines)

    async def watch(self):
        """Notes the peaks, four times a second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.25)
            buffers = await loop.run_in_executor(None, socket_buffers, self.server[1])
            self.buffers = max(self.buffers, buffers)
            for name, process in self.processes().items():
                resident, peak = memory(process.pid)
                held = resident + (buffers if name == "gateway" else 0)
                self.peaks[name] = max(self.peaks[name], peak, held)


@contextmanager
def priority(nice):
    """Runs with this niceness, where the account may; whatever is started meanwhile keeps it."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        pass
    try:
        yield
    finally:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, before)
        except PermissionError:
            pass


def complaint(line):
    """A line of the log without what differs from time to time."""
    try:
        told = json.loads(line)
    except ValueError:
        return line[:200].decode(errors="replace")
    told = {**told, **told.get("attributes", {}), **told.get("resource", {})}
    names = ("severity_text", "service.name", "errand.target", "body", "exception.message", "errand.reason")
    return " ".join(str(told[name]) for name in names if name in told)[:240]


def memory(pid):
    """Resident bytes of a process, and the most that they were."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0, 0
    found = [re.search(rf"{name}:\s+(\d+)", status) for name in ("VmRSS", "VmHWM")]
    return tuple(int(match[1]) << 10 if match else 0 for match in found)


def socket_buffers(port):
    """Bytes in the kernel's buffers of a server's connections; 0 where there is no `ss`."""
    if not shutil.which("ss"):
        return 0
    told = subprocess.run(["ss", "-tmnHO", f"sport = :{port}"], capture_output=True, timeout=10,
                          check=False).stdout
    return sum(int(part) for found in BUFFERS.findall(told) for part in found)
