"""Releases, restarts and rollbacks under load: no request fails, no change is lost or doubled in the feed."""
import os
import time

import cluster
from api import Ingress
from load import Load

NEXT_TAG = os.environ.get("NEXT_TAG", "")
# Requests a second, and for how long at least.
RATE, SECONDS = 200, 60

# Two of each, and rates that let one address send what many would.
TWO_OF_EACH = {"defaults.replicaCount": 2,
               "gateway.settings": {"RATE_LIMIT_USER": 100000, "RATE_LIMIT_ADDRESS": 100000, "RATE_LIMIT_LOGIN": 1000}}


def under_load(change, seconds=0):
    """Runs `change` while clients work; returns what they saw."""
    with Load(Ingress()) as load:
        time.sleep(3)
        change()
        time.sleep(max(3.0, seconds - (time.monotonic() - load.began)))
        lasted, rate = time.monotonic() - load.began, load.rate()
    said = load.report(least=int(lasted * RATE * 0.9) if seconds else 0)
    return f"{rate:.0f}/s over {lasted:.0f} s: {said}"


def scales_to_two_of_each():
    """The release that the next steps start from."""
    cluster.upgrade(TWO_OF_EACH)
    for service in cluster.SERVICES:
        cluster.await_that(lambda: len(cluster.pods(service)) == 2, f"two of {service}")
    return "two of each"


def upgrades_to_a_new_image():
    """`helm upgrade` to another image."""
    cluster.check(NEXT_TAG, "name a second tag of the images, as in NEXT_TAG=0.1.1: the first step makes it the release's")
    said = under_load(lambda: cluster.upgrade(TWO_OF_EACH | {"image.tag": NEXT_TAG}), SECONDS)
    running = {pod["spec"]["containers"][0]["image"] for service in cluster.SERVICES for pod in cluster.pods(service)}
    cluster.check(all(image.endswith(f":{NEXT_TAG}") for image in running), f"still running: {running}")
    return said


def rolls_back():
    """`helm rollback` to the release before."""
    return under_load(lambda: cluster.helm("rollback", "--wait", "--timeout=180s"), SECONDS)


def restarts_each_service():
    """`kubectl rollout restart` of one service after the other."""
    def restart():
        for service in cluster.SERVICES:
            cluster.kubectl("rollout", "restart", f"deployment/{cluster.deployment(service)}")
            cluster.rolled_out(service)
    return under_load(restart, SECONDS)


def loses_a_pod_of_each():
    """`kubectl delete pod` of one pod of each service."""
    def delete():
        for service in cluster.SERVICES:
            cluster.kubectl("delete", "pod", cluster.names(service)[0], "--wait=false")
            cluster.rolled_out(service)
    return under_load(delete, SECONDS)
