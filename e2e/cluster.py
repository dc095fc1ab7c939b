"""The cluster: kubectl and helm, as a user would call them."""
import json
import os
import subprocess
import time

NAMESPACE = os.environ.get("NAMESPACE", "errand-e2e")
RELEASE = "errand"
CHART = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "helm", "errand")
HELM = os.environ.get("HELM", "helm")
SERVICES = ("auth", "tasks", "gateway")


class Failed(Exception):
    """What was looked at is not as it has to be."""


def check(condition, message):
    """Fails with the message unless the condition holds."""
    if not condition:
        raise Failed(message)


def command(arguments, stdin=None, timeout=300):
    """Runs a program; returns what it printed, or fails with what it said."""
    done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, timeout=timeout)
    check(done.returncode == 0, f"{' '.join(arguments[:6])} …: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def kubectl(*arguments, stdin=None, timeout=300):
    """kubectl in the namespace of the test."""
    return command(["kubectl", "--namespace", NAMESPACE, *arguments], stdin, timeout)


def get(*arguments):
    """What kubectl knows of objects."""
    return json.loads(kubectl("get", *arguments, "--output", "json"))


def helm(verb, *arguments, timeout=300):
    """helm on the release of the test."""
    return command([HELM, verb, RELEASE, *arguments, "--namespace", NAMESPACE], timeout=timeout)


def upgrade(values, *arguments, timeout=300):
    """Brings the release to these values, and waits until it is there."""
    sets = [part for name, value in values.items() for part in ("--set-json", f"{name}={json.dumps(value)}")]
    return helm("upgrade", CHART, "--install", "--reset-values", "--wait", f"--timeout={timeout}s", *sets, *arguments, timeout=timeout + 30)


def apply(*objects):
    """Creates or changes objects."""
    kubectl("apply", "--filename", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def selector(component):
    """The labels by which a component's pods are found."""
    return f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component={component}"


def pods(component, leaving=False):
    """The pods of a component that are not on their way out; or those that are."""
    found = get("pods", "--selector", selector(component))["items"]
    return [pod for pod in found if ("deletionTimestamp" in pod["metadata"]) == leaving]


def is_ready(pod):
    """Whether a pod takes traffic."""
    return any(part["type"] == "Ready" and part["status"] == "True" for part in pod["status"].get("conditions", []))


def names(component):
    """The names of a component's pods."""
    return sorted(pod["metadata"]["name"] for pod in pods(component))


def restarts():
    """How often containers of the services were restarted, in all."""
    found = [pod for service in SERVICES for pod in pods(service)]
    return sum(status["restartCount"] for pod in found for status in pod["status"].get("containerStatuses", []))


def deployment(service):
    """The name of a service's Deployment."""
    return f"{RELEASE}-{service}"


def rolled_out(service, timeout=180):
    """Returns when a Deployment is as it has to be."""
    kubectl("rollout", "status", f"deployment/{deployment(service)}", f"--timeout={timeout}s", timeout=timeout + 10)


def await_that(condition, what, timeout=60, every=0.5):
    """Returns what the condition gives once that is true, and the seconds it took."""
    began, last = time.monotonic(), ""
    while True:
        try:
            if found := condition():
                return found, time.monotonic() - began
        except (Failed, OSError) as error:
            last = f" ({error})"
        check(time.monotonic() - began < timeout, f"{what}: not within {timeout} s{last}")
        time.sleep(every)


def hurry():
    """Has the kubelet look at the files of all pods now; by itself it does about once a minute."""
    kubectl("annotate", "pods", "--selector", f"app.kubernetes.io/instance={RELEASE}", f"hurry={time.time_ns()}", "--overwrite")


def admin(pod, path):
    """What a pod's admin port answers."""
    return kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:9090/proxy/{path}")


def metrics(pod):
    """What a pod tells about itself: samples by their name and labels."""
    lines = (line.rsplit(" ", 1) for line in admin(pod, "metrics").splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def total(samples, name):
    """The sum over all labels of a metric."""
    return sum(value for key, value in samples.items() if key.split("{")[0] == name)
