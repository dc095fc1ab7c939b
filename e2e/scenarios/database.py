"""The database goes away and comes back."""
import http.client
import threading
import time

import cluster
from api import Ingress, User
from cluster import check

# What a request may take at most while there is no database: the gateway's deadline for writes, and the way there and back.
LONGEST_ANSWER = 4.0
BACK_WITHIN = 5.0
# Its pods are killed until so many requests were refused: after one kill it is back before anyone may have noticed.
REFUSALS = 6


class Probe(threading.Thread):
    """One user who writes and reads twice a second, and notes each answer."""

    def __init__(self, user):
        super().__init__(daemon=True)
        self.user, self.answers, self.ended = user.twin(), [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            for method, path, body in (("POST", "/v1/tasks", {"title": "meanwhile"}), ("GET", "/v1/tasks?limit=1", None)):
                began = time.monotonic()
                try:
                    reply = self.user.ask(method, path, body)
                    kind = (reply.status, reply.headers["Content-Type"], reply.headers["Retry-After"])
                except (OSError, http.client.HTTPException) as error:
                    kind = (0, repr(error), None)
                self.answers.append((time.monotonic(), time.monotonic() - began, method, kind))
            time.sleep(0.2)

    def refused(self):
        """The answers that were no success."""
        return [answer for answer in self.answers if not 200 <= answer[3][0] < 300]


def goes_away_and_comes_back():
    """Its pod is killed, and the next ones too: clients hear 503 in time, no service restarts, and all is well soon after it is back."""
    restarts, pod = cluster.restarts(), f"{cluster.RELEASE}-postgres-0"
    probe = Probe(User(Ingress()))
    probe.start()
    time.sleep(2)

    def is_missed():
        # Not by force: that forgets the pod while it may still run, and two servers on one volume destroy it.
        cluster.kubectl("delete", "pod", pod, "--grace-period=1", "--ignore-not-found")
        return len(probe.refused()) >= REFUSALS

    _, gone = cluster.await_that(is_missed, "requests are refused", every=0.1)
    cluster.await_that(lambda: cluster.is_ready(cluster.get("pod", pod)), "the database is back", 120, every=0.1)
    back_at = time.monotonic()
    time.sleep(BACK_WITHIN + 5)
    probe.ended.set()
    probe.join()
    refused = probe.refused()
    wrong = [answer for answer in refused if answer[3][:2] != (503, "application/problem+json") or not answer[3][2]]
    check(not wrong, f"{len(wrong)} of {len(refused)} refusals are no 503 problem: {wrong[:3]}")
    slowest = max(took for _, took, _, _ in probe.answers)
    check(slowest < LONGEST_ANSWER, f"an answer took {slowest:.1f} s")
    last = max(at for at, *_ in refused)
    check(last - back_at < BACK_WITHIN, f"still refused {last - back_at:.1f} s after the database was ready")
    check(cluster.restarts() == restarts, "a service was restarted")
    return (f"{len(refused)} of {len(probe.answers)} requests got a 503 problem, the slowest answer took {slowest:.2f} s; database away for "
            f"{gone:.1f} s, service back {max(0.0, last - back_at):.1f} s after it; no restarts")
