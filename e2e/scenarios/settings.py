"""Settings that take effect without a restart, and broken ones that do not."""
import json
import time

import cluster
from api import Ingress, User
from cluster import check
from scenarios.rollouts import TWO_OF_EACH

SOON = 60


def take_effect_without_a_restart():
    """A log level and a rate limit, changed in the release."""
    cluster.upgrade(TWO_OF_EACH)
    before, restarts = cluster.names("gateway") + cluster.names("tasks"), cluster.restarts()
    user = User(Ingress())
    began = time.monotonic()
    changed = TWO_OF_EACH | {"settings": {"LOG_LEVEL": "debug"}}
    changed["gateway.settings"] = TWO_OF_EACH["gateway.settings"] | {"RATE_LIMIT_USER": 4}
    cluster.upgrade(changed)
    cluster.hurry()
    _, limited = cluster.await_that(lambda: user.ask("GET", "/v1/me").status == 429, "the new rate limit", SOON, every=0.2)
    level = lambda: all(cluster.admin(pod, "loglevel").strip().endswith(",debug") for pod in cluster.names("tasks"))
    cluster.await_that(level, "the new log level", SOON)
    check(cluster.names("gateway") + cluster.names("tasks") == before, "pods were replaced")
    check(cluster.restarts() == restarts, "containers were restarted")
    refused = is_refused_when_broken(user)
    cluster.upgrade(TWO_OF_EACH)
    cluster.hurry()
    cluster.await_that(lambda: all(user.ask("GET", "/v1/me").status == 200 for _ in range(20)), "the old limit again", SOON, every=1)
    return f"a rate limit and a log level in effect after {limited:.0f} s, {refused}; {time.monotonic() - began:.0f} s in all"


def is_refused_when_broken(user):
    """A file that cannot be read as settings."""
    name, key = f"{cluster.RELEASE}-gateway", "settings.env"
    file = cluster.get("configmap", name)["data"][key]
    broken = "\n".join("RATE_LIMIT_USER=plenty" if line.startswith("RATE_LIMIT_USER=") else line for line in file.splitlines())
    cluster.kubectl("patch", "configmap", name, "--type=merge", "--patch", json.dumps({"data": {key: broken}}))
    cluster.hurry()
    count = 'errand_config_reloads_total{result="failure"}'

    def refused():
        seen = [cluster.metrics(pod) for pod in cluster.names("gateway")]
        return all(pod[count] >= 1 and pod["errand_config_last_reload_successful"] == 0 for pod in seen)

    _, took = cluster.await_that(refused, "the broken file is refused and counted", SOON, every=1)
    check(any(user.ask("GET", "/v1/me").status == 429 for _ in range(60)), "the old limit does not hold any more")
    cluster.kubectl("patch", "configmap", name, "--type=merge", "--patch", json.dumps({"data": {key: file}}))
    return f"a broken file refused after {took:.0f} s"
