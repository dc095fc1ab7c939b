"""Prometheus: one that is there, and a throw-away one that watches the three processes by the rules of the repository."""
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from ports import free_ports

CONFIG = """
global: {scrape_interval: 1s, evaluation_interval: 2s}
rule_files: [%(rules)s]
scrape_configs:
"""
JOB = """
  - job_name: errand-%(name)s
    static_configs:
      - targets: [%(address)s]
        labels: {namespace: errand, pod: errand-%(name)s-0}
"""
# The same gateway under another name, as if a later release ran beside it.
NEXT = "9.9.8"
SECOND = """
  - job_name: errand-gateway-next
    static_configs:
      - targets: [%(address)s]
        labels: {namespace: errand, pod: errand-gateway-next-0}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: errand_build_info, target_label: version, replacement: "%(version)s"}
"""


class Prometheus:
    """One server, at its address."""

    def __init__(self, address):
        self.address = address

    def ask(self, path, **parameters):
        """What the API answers to a question."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path} {parameters}: {error.read().decode()}") from error

    def query(self, expression):
        """The values of an expression now, but those that are no number."""
        found = self.ask("query", query=expression)
        values = [found["result"]] if found["resultType"] == "scalar" else [each["value"] for each in found["result"]]
        return [float(value) for _, value in values if value != "NaN"]

    def firing(self):
        """The alerts that fire, by name."""
        return {alert["labels"]["alertname"]: alert for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def wait(self, what, condition, seconds):
        """Returns what the condition gives once that is something."""
        end = time.monotonic() + seconds
        while True:
            try:
                if found := condition():
                    return found
            except OSError:
                pass
            if time.monotonic() > end:
                raise SystemExit(f"{what}: not within {seconds} s{self.last_words()}")
            time.sleep(0.5)

    def last_words(self):
        """What it told last, if that is known."""
        return ""


class ThrowAway(Prometheus):
    """One that is started, with what it has seen."""

    def __init__(self, work, rules, targets):
        program = shutil.which("prometheus")
        if not program:
            raise SystemExit("there is no prometheus: apt-get install prometheus, or https://prometheus.io/download")
        self.folder = work / "prometheus"
        self.folder.mkdir()
        (port,) = free_ports(1)
        super().__init__(f"http://127.0.0.1:{port}")
        config = CONFIG % {"rules": json.dumps(str(rules))}
        config += "".join(JOB % {"name": name, "address": json.dumps(address)} for name, address in targets.items())
        config += SECOND % {"address": json.dumps(targets["gateway"]), "version": NEXT}
        (self.folder / "prometheus.yml").write_text(config)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"],
                cwd=self.folder, stdout=log, stderr=log)
        self.wait("it answers", lambda: self.query("1"), 30)

    def last_words(self):
        return "; " + (self.folder / "log").read_text()[-1500:]

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(20)
