#!/usr/bin/env python3
"""Measures Errand alone: its topologies beside one another on a throw-away PostgreSQL.

What `bench/run` falls back to where the harness of the peers is not at hand. Nothing here passes or fails on speed. See README.md.
"""
import argparse
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from pathlib import Path
from string import Template

PASSWORD = "correct-horse-battery-9"
SEEDED_TASKS = 2000
STARTS = 5
MIX = {"get": 60, "list": 20, "create": 10, "update": 10}
LOGIN_CONNECTIONS = (1, 8)
OPERATIONS = ("ping", "get", "list", "create", "update", "mixed", "login")
COLUMNS = {"rps": "req/s", "p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU ms/1k", "postgres": "pg ms/1k"}
TICKS = os.sysconf("SC_CLK_TCK")

LOAD_LUA = """-- Sends the requests of the file $REQUESTS in turn, and prints one line of JSON.
local requests, next_request = {}, 0
function init()
  local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
  while true do
    local length = file:read("*n", "*l")
    if not length then break end
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end
function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end
function done(summary, latency)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%d,"seconds":%.6f,"failed":%d,"p50":%.3f,"p99":%.3f}\\n', summary.requests,
    summary.duration / 1e6, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def say(text):
    """Tells a person how far it is; the results alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


def free_ports(count):
    """Free ports below those that the kernel gives to clients, so that none is taken between two starts."""
    ports = set()
    while len(ports) < count:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                ports.add(port)
            except OSError:
                continue
    return sorted(ports)


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


def end_processes(processes):
    """Asks the processes to end, the last started first, and insists after ten seconds."""
    for process in reversed(processes):
        process.terminate()
    deadline = time.monotonic() + 10
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
    """A throw-away server that makes every commit durable, as a real one does."""

    def __init__(self, work):
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
                    "checkpoint_timeout": "30min", "autovacuum_naptime": "10min"}
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


class Target:
    """One topology: the processes of a target file, and a user with tasks."""

    def __init__(self, file, postgres, work):
        self.config = tomllib.loads(Path(file).read_text())
        self.name = self.config["name"]
        self.work, self.database = work / self.name, re.sub(r"\W", "_", self.name)
        self.work.mkdir()
        postgres.query("postgres", f'CREATE DATABASE "{self.database}"')
        self.values = {f"port{number}": port for number, port in enumerate(free_ports(8))}
        self.values["database_url"] = f"postgres://bench@127.0.0.1:{postgres.port}/{self.database}?sslmode=disable"
        self.values |= {name: self.fill(value) for name, value in self.config.get("vars", {}).items()}
        self.values |= {"user": "bench", "password": PASSWORD}
        self.address = self.fill(self.config["base_url"]).removeprefix("http://")
        self.commands = [[self.fill(part) for part in process["cmd"]] for process in self.config["process"]]
        self.processes, self.token, self.tasks = [], None, []
        for command in self.commands:
            if not shutil.which(command[0]):
                raise SystemExit(f"{command[0]} is missing: build it with `cargo build --release`")

    def fill(self, text, **more):
        """Puts the values in the place of their names."""
        return Template(text).safe_substitute(self.values | more)

    def start(self):
        """Starts the processes in order; returns the seconds until the ready path answered 200."""
        began = time.perf_counter()
        for command, process in zip(self.commands, self.config["process"]):
            # Nothing of the caller's environment: it would configure what is measured.
            env = {"PATH": os.environ["PATH"], "DRAIN_DELAY": "0s"} | {name: self.fill(value) for name, value in process["env"].items()}
            with open(self.work / "log", "ab") as log:
                self.processes.append(subprocess.Popen(command, env=env, cwd=self.work, stdin=subprocess.DEVNULL,
                                                       stdout=subprocess.DEVNULL, stderr=log))
            if "wait_tcp" in process:
                self.poll(lambda: self.accepts(self.fill(process["wait_tcp"])), began)
        self.poll(lambda: self.call({"method": "GET", "path": self.config["ready"], "auth": False})[0] == 200, began)
        return time.perf_counter() - began

    @staticmethod
    def accepts(address):
        """Whether someone listens."""
        host, port = address.rsplit(":", 1)
        socket.create_connection((host, int(port)), 1).close()
        return True

    def poll(self, condition, began):
        """Returns once the condition holds."""
        while True:
            try:
                if condition():
                    return
            except (OSError, http.client.HTTPException):
                pass  # Nobody listens yet.
            if any(process.poll() is not None for process in self.processes) or time.perf_counter() - began > 60:
                raise SystemExit(f"{self.name} did not start: " + (self.work / "log").read_text()[-2000:])
            time.sleep(0.0005)

    def stop(self):
        """Ends the processes."""
        end_processes(self.processes)
        self.processes = []

    def pids(self):
        """The ids of the processes."""
        return [process.pid for process in self.processes]

    def parts(self, route, **values):
        """Method, path, headers and body of a request."""
        body, headers = self.fill(route.get("body", ""), **values).encode(), {"Host": self.address}
        if route.get("auth", True):
            headers["Authorization"] = f"Bearer {self.token}"
        if body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return route["method"], self.fill(route["path"], **values), headers, body

    def call(self, route, **values):
        """Sends one request; returns the status and the parsed body."""
        method, path, headers, body = self.parts(route, **values)
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or "null")
        finally:
            connection.close()
