"""The newcomer's way: an installation without values, a session, the chart's own tests."""
import json
import subprocess
import time

import cluster
from api import Ingress, User
from cluster import check

LONGEST_INSTALL = 60


def installs_without_values():
    """`helm install errand helm/errand --wait` in a namespace that enforces `restricted`."""
    cluster.command(["kubectl", "apply", "--filename", "-"], stdin=json.dumps({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.NAMESPACE, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}}}))
    began = time.monotonic()
    cluster.helm("install", cluster.CHART, "--wait", "--timeout=180s")
    took = time.monotonic() - began
    check(took < LONGEST_INSTALL, f"ready after {took:.1f} s, wanted {LONGEST_INSTALL}: are the images on the node?")
    return f"ready in {took:.1f} s"


def serves_a_session():
    """What README.md shows, through the Ingress."""
    ingress = Ingress()
    user, took = cluster.await_that(lambda: User(ingress), "the Ingress serves the API", 30)
    task = user.ask("POST", "/v1/tasks", {"title": "Water the plants", "due": {"date": "2026-12-24"}, "labels": ["home"]})
    path = f"/v1/tasks/{task.expect(201)['id']}"
    check(task.headers["Location"] == path, f"it is at {task.headers['Location']}")
    check(user.ask("PATCH", path, {"priority": "high"}).expect(200)["priority"] == "high", "the priority stays")
    check(user.ask("POST", f"{path}/complete").expect(200)["status"] == "completed", "the task stays open")
    changes = user.ask("GET", "/v1/changes?limit=10").expect(200)["items"]
    check([change["sequence"] for change in changes] == list(range(1, len(changes) + 1)), "the journal has gaps")
    problem = user.ask("POST", "/v1/tasks", {"titel": "x"})
    check(problem.status == 422 and problem.headers["Content-Type"] == "application/problem+json", "a bad field is taken")
    check(user.ask("GET", "/openapi.json").expect(200)["openapi"].startswith("3.1"), "no description")
    return f"through http://{ingress.host}, {len(changes)} changes, {took:.1f} s after the installation"


def passes_its_own_tests():
    """`helm test`."""
    said = cluster.helm("test", "--timeout=120s", timeout=150)
    check("Phase:          Succeeded" in said or "Succeeded" in said, said)
    return f"{said.count('Succeeded')} passed"


def is_small_and_quick():
    """Image sizes, the time from start to ready with the database up, memory without load."""
    lines = []
    for service in cluster.SERVICES:
        cluster.kubectl("rollout", "restart", f"deployment/{cluster.deployment(service)}")
        cluster.rolled_out(service)
    time.sleep(5)
    for service in cluster.SERVICES:
        pod = cluster.names(service)[0]
        ready = [json.loads(line) for line in cluster.kubectl("logs", pod).splitlines() if '"body":"ready"' in line]
        check(ready, f"{pod} does not say when it was ready")
        memory = cluster.metrics(pod)["process_resident_memory_bytes"] / 2**20
        lines.append(f"{service}: ready in {ready[0]['attributes']['errand.milliseconds']} ms, {memory:.1f} MiB resident, image {size_of(service)}")
    return "; ".join(lines)


def size_of(service):
    """What the node says of the image; as it was pulled, or unpacked where it was loaded."""
    wanted = cluster.pods(service)[0]["spec"]["containers"][0]["image"]
    nodes = json.loads(cluster.command(["kubectl", "get", "nodes", "--output", "json"]))["items"]
    for image in (image for node in nodes for image in node["status"].get("images", [])):
        if any(name.endswith(wanted) for name in image.get("names") or []):
            return f"{image['sizeBytes'] / 1e6:.1f} MB"
    return "of unknown size"


def leaves_what_it_says():
    """`helm uninstall`: the claim of the bundled database and the generated Secret stay, so that nothing is lost; nothing else."""
    cluster.helm("uninstall", "--wait", "--timeout=120s", timeout=150)
    kinds = "deployments,statefulsets,jobs,pods,services,configmaps,secrets,ingresses,horizontalpodautoscalers," \
            "poddisruptionbudgets,networkpolicies,serviceaccounts,roles,rolebindings,persistentvolumeclaims"

    def left():
        found = cluster.get(kinds)["items"]
        found = {f"{item['kind']}/{item['metadata']['name']}" for item in found}
        found -= {"ConfigMap/kube-root-ca.crt", "ServiceAccount/default"}
        kept = {name for name in found if name.startswith(("PersistentVolumeClaim/", "Secret/errand"))}
        return "nothing else" if found == kept and kept else None

    try:
        cluster.await_that(left, "the objects are gone", 60)
    except cluster.Failed:
        raise cluster.Failed("left behind: " + cluster.kubectl("get", kinds, "--output", "name"))
    names = cluster.kubectl("get", "persistentvolumeclaims,secrets", "--output", "name").split()
    subprocess.run(["kubectl", "delete", "namespace", cluster.NAMESPACE, "--wait=true", "--timeout=120s"], check=True, capture_output=True)
    return "stayed: " + ", ".join(name for name in names)
