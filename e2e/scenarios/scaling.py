"""The autoscaler: pods that it adds get their share soon, and those that it takes away fail no request."""
import time

import cluster
from api import Ingress
from load import Load
from scenarios.rollouts import TWO_OF_EACH

# Scales at a load that a small machine can make, and down again while one waits for it: of the load above three pods need about 150m in
# all, of the load below one needs about 10m, so that 30m for each tell them apart on a machine of half the speed and of twice.
SCALED = TWO_OF_EACH | {
    "tasks.autoscaling": {"mode": "hpa", "minReplicas": 1, "maxReplicas": 3, "targetCPU": 60,
                          "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]},
                                       "scaleDown": {"stabilizationWindowSeconds": 15, "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]}}},
    "tasks.resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
}
# What a new pod has to serve of the even share, and when.
SHARE, SOON = 0.7, 30


def served():
    """How many calls each ready pod of tasks has answered."""
    ready = [pod["metadata"]["name"] for pod in cluster.pods("tasks") if cluster.is_ready(pod)]
    return {name: cluster.total(cluster.metrics(name), "rpc_server_call_duration_seconds_count") for name in ready}


def scales_up_and_down():
    """From one pod to three by CPU, and back."""
    cluster.upgrade(SCALED)
    cluster.await_that(lambda: len(cluster.pods("tasks")) == 1, "one pod of tasks", 240)
    with Load(Ingress(), rate=260) as load:
        _, grew = cluster.await_that(lambda: len(served()) >= 3, "three pods of tasks", 240)
        ready_at = time.monotonic()
        share, _ = cluster.await_that(evenly_shared, f"{SHARE:.0%} of the even share for each pod", SOON, every=0.1)
        lasted = time.monotonic() - ready_at
    up = load.report()
    # Less load on more pods: they go one after the other, under the eyes of clients.
    with Load(Ingress(), rate=10) as load:
        _, shrank = cluster.await_that(lambda: len(cluster.pods("tasks")) == 1, "one pod of tasks again", 300)
        time.sleep(15)
    return (f"3 pods after {grew:.0f} s, each with at least {share:.0%} of the even share {lasted:.0f} s later ({up}); "
            f"1 pod after {shrank:.0f} s ({load.report()})")


def evenly_shared():
    """The least part of the even share that a pod served in the last five seconds, once that is enough."""
    before = served()
    time.sleep(5)
    grown = {name: count - before[name] for name, count in served().items() if name in before}
    if len(grown) < 3 or not sum(grown.values()):
        return None
    least = min(grown.values()) / (sum(grown.values()) / len(grown))
    cluster.check(least >= SHARE, f"calls in five seconds: {sorted(grown.values())}")
    return least
