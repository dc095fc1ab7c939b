"""One topology of Errand, as a target file describes it: its processes, and requests to them."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

from ports import free_ports

PASSWORD = "correct-horse-battery-9"
USERS = [f"bench{number}" for number in range(16)]
MIX = {"get": 60, "list": 20, "create": 10, "update": 10}


def listed(requests):
    """Requests as a load reads them from a file: of each its length on a line of its own, and its bytes."""
    return b"".join(b"%d\n%s" % (len(request), request) for request in requests)


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


class Target:
    """One topology: the processes of a target file, users to sign in, and the tasks of the first of them."""

    def __init__(self, file, postgres, work):
        self.config = tomllib.loads(Path(file).read_text())
        self.name = self.config["name"]
        self.work, self.database = work / self.name, re.sub(r"\W", "_", self.name)
        self.work.mkdir()
        postgres.query("postgres", f'CREATE DATABASE "{self.database}"')
        self.values = {f"port{number}": port for number, port in enumerate(free_ports(8))}
        self.values["database_url"] = f"postgres://bench@127.0.0.1:{postgres.port}/{self.database}?sslmode=disable"
        self.values |= {name: self.fill(value) for name, value in self.config.get("vars", {}).items()}
        self.values |= {"user": USERS[0], "password": PASSWORD}
        self.address = self.fill(self.config["base_url"]).removeprefix("http://")
        self.commands = [[self.fill(part) for part in process["cmd"]] for process in self.config["process"]]
        self.processes, self.token, self.tasks = [], None, []
        for command in self.commands:
            if not shutil.which(command[0]):
                raise SystemExit(f"{command[0]} is missing: build it with `cargo build --release`")

    @classmethod
    def split(cls, binaries, postgres, work):
        """The three processes of `split.toml`, whose programs are in that folder."""
        file = work / "split.toml"
        file.write_text((Path(__file__).parent / file.name).read_text().replace("$release", str(binaries.resolve())))
        return cls(file, postgres, work)

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

    def raw(self, route, **values):
        """A request as it goes over the wire."""
        method, path, headers, body = self.parts(route, **values)
        lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines + ["", ""]).encode() + body

    def want(self, route, **values):
        """Sends a request that has to succeed; returns the parsed body."""
        status, body = self.call(route, **values)
        if not 200 <= status < 300:
            raise SystemExit(f"{self.name}: {route['method']} {route['path']} answered {status}: {body}")
        return body

    def register(self):
        """Makes the users."""
        for user in USERS:
            self.want(self.config["auth"]["register"] | {"auth": False}, user=user)

    def log_in(self):
        """Takes a fresh token, for one is good for ten minutes only."""
        self.token = self.want(self.config["auth"]["login"] | {"auth": False})["access_token"]

    def seed(self, count):
        """Gives the first user its tasks, a few at a time."""
        create = self.config["routes"]["create"]
        with ThreadPoolExecutor(8) as pool:
            self.tasks = list(pool.map(lambda number: self.want(create, n=number)["id"], range(count)))

    def requests_of_all(self, operations, chance, tasks, count):
        """So many requests of each operation and user, mixed. Each user is signed in anew, and given so many tasks first."""
        requests = []
        for user in USERS:
            self.values["user"] = user
            self.log_in()
            self.seed(tasks)
            for operation in operations:
                requests += self.requests(operation, chance, count)
        chance.shuffle(requests)
        return requests

    def requests(self, operation, chance, count=4096):
        """The requests that an operation sends in turn, as chance has it."""
        if operation == "login":
            # Of several users: logins of one account that come at once would be throttled as guesses.
            return [self.raw(self.config["auth"]["login"] | {"auth": False}, user=user) for user in USERS]
        kinds = [operation] * count
        if operation == "mixed":
            kinds = [kind for kind, share in MIX.items() for _ in range(count * share // 100)]
            chance.shuffle(kinds)
        routes = self.config["routes"]
        return [self.raw(routes[kind], id=chance.choice(self.tasks), n=chance.randrange(10**6)) for kind in kinds]
