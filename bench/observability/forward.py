"""Ports of a cluster, on this machine, as `kubectl port-forward` brings them."""
import re
import subprocess


class Forwards:
    """Those that are open."""

    def __init__(self):
        self.processes = []

    def __call__(self, namespace, target, port):
        """Where a port of a pod or a Service is on this machine."""
        command = ["kubectl", "--namespace", namespace, "port-forward", target, f":{port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        said = process.stdout.readline()
        found = re.match(r"Forwarding from (127\.0\.0\.1:\d+)", said)
        if not found:
            raise SystemExit(f"{' '.join(command)}: {said}{process.stdout.read()}")
        return f"http://{found[1]}"

    def stop(self):
        """Ends all."""
        for process in self.processes:
            process.terminate()
            process.wait(10)
