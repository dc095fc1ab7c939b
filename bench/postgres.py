"""A throw-away PostgreSQL."""
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from ports import free_ports


def postgres_folder():
    """The folder of PostgreSQL's programs: that of PATH, else the newest that the distribution installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for folder in ([Path(on_path).parent] if on_path else []) + installed:
        if all((folder / program).exists() for program in ("initdb", "postgres", "psql")):
            return folder
    raise SystemExit("PostgreSQL is missing: install its server (Debian, Ubuntu: `apt install postgresql`; Fedora: `dnf install "
                     "postgresql-server`), or put the folder of initdb, postgres and psql in PATH")


class Postgres:
    """A throw-away server that makes every commit durable, as a real one does. Settings may be other than those of a short measurement."""

    def __init__(self, work, **other):
        self.programs, self.folder, (self.port,) = postgres_folder(), work / "postgres", free_ports(1)
        self.folder.mkdir()
        account = {}
        if os.geteuid() == 0:  # It refuses to run as root.
            account = {"user": "postgres", "group": "postgres", "extra_groups": []}
            try:
                shutil.chown(self.folder, "postgres", "postgres")
            except LookupError:
                raise SystemExit("PostgreSQL does not run as root and there is no account `postgres`: run this as another user")
            work.chmod(0o755)
        data, log = self.folder / "data", open(self.folder / "log", "wb")
        common = {"cwd": self.folder, "stdout": log, "stderr": log, **account}
        if subprocess.run([self.programs / "initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale"],
                          **common).returncode:
            raise SystemExit("initdb failed: " + (self.folder / "log").read_text())
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "fsync": "on",
                    "synchronous_commit": "on", "max_connections": 300, "shared_buffers": "256MB", "max_wal_size": "4GB",
                    "checkpoint_timeout": "30min", "autovacuum_naptime": "10min"} | other
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen([self.programs / "postgres", "-D", data, *options], **common)

    def await_ready(self):
        """Returns once it answers."""
        deadline = time.monotonic() + 20
        while self.query("postgres", "SELECT 1").returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("PostgreSQL did not start: " + (self.folder / "log").read_text())
            time.sleep(0.05)

    def query(self, database, statement):
        """Runs one statement."""
        return subprocess.run([self.programs / "psql", "-Xqc", statement, f"postgres://bench@127.0.0.1:{self.port}/{database}"],
                              capture_output=True)

    def stop(self):
        """Disconnects everyone and ends."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
