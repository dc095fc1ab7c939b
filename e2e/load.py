"""Clients that work all the time and forgive nothing."""
import http.client
import random
import threading
import time

import cluster
from api import User
from feed import Feed

CLIENTS = 16
USERS = 4


class Load:
    """So many requests a second, of clients that read, list, create and change, while streams are open."""

    def __init__(self, ingress, rate=240):
        self.users = [User(ingress) for _ in range(USERS)]
        self.feeds = [Feed(user) for user in self.users]
        self.pause = CLIENTS / rate
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.requests, self.failures, self.slowest, self.created = 0, [], 0.0, {user.email: [] for user in self.users}
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(CLIENTS)]
        self.began = time.monotonic()

    def __enter__(self):
        # The first write makes the user's scope; the feed begins with it.
        for user in self.users:
            self.created[user.email].append(user.ask("POST", "/v1/tasks", {"title": "the first"}).expect(201)["id"])
        for thread in [*self.feeds, *self.threads]:
            thread.start()
        self.began = time.monotonic()
        return self

    def __exit__(self, kind, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)
        for feed, user in zip(self.feeds, self.users):
            if kind is None:
                self.failures += feed.finish(self.verify(user))
            feed.ended.set()

    def work(self, number):
        chance, user = random.Random(number), self.users[number % USERS].twin()
        path = None
        due = time.monotonic() + self.pause * number / CLIENTS
        while not self.ended.is_set():
            draw = chance.random()
            if draw < 0.2 or path is None:
                reply = self.counted(user, "POST", "/v1/tasks", {"title": f"of client {number}"})
                if reply and reply.status == 201:
                    with self.lock:
                        self.created[user.email].append(reply.json()["id"])
                    path = f"/v1/tasks/{reply.json()['id']}"
            elif draw < 0.35:
                self.counted(user, "PATCH", path, {"description": f"changed {draw}"})
            elif draw < 0.45:
                self.counted(user, "GET", "/v1/tasks?limit=20")
            elif draw < 0.5:
                self.counted(user, "GET", "/v1/me")
            else:
                self.counted(user, "GET", path)
            due += self.pause
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic() - 1)

    def counted(self, user, method, path, body=None):
        """Sends a request once; what is not a success is a failure."""
        began, reply, fault = time.monotonic(), None, None
        try:
            reply = user.ask(method, path, body)
            if not 200 <= reply.status < 300:
                fault = f"{method} {path}: {reply.status} {reply.body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            fault = f"{method} {path}: {error!r}"
        with self.lock:
            self.requests += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            if fault:
                self.failures.append(f"{time.monotonic() - self.began:.1f} s: {fault}")
        return reply

    def verify(self, user):
        """Everything that was acknowledged is there, once; returns the last sequence of the journal."""
        listed, cursor = [], ""
        while True:
            page = user.twin().ask("GET", f"/v1/tasks?limit=200{cursor}").expect(200)
            listed += [task["id"] for task in page["items"]]
            if not page["next_cursor"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        acknowledged = sorted(self.created[user.email])
        if sorted(listed) != acknowledged:
            self.failures.append(f"{len(set(acknowledged) - set(listed))} acknowledged tasks are lost, "
                                 f"{len(listed) - len(set(acknowledged))} are there too often")
        newest = user.twin().ask("GET", "/v1/activity?limit=1").expect(200)["items"]
        return newest[0]["sequence"] if newest else 0

    def rate(self):
        """Requests a second so far."""
        return self.requests / (time.monotonic() - self.began)

    def report(self, least=0):
        """What was seen, in one line; fails if any request did."""
        streams = sum(feed.resumed for feed in self.feeds)
        said = f"{self.requests} requests, {len(self.failures)} failed, slowest {self.slowest:.2f} s, {streams} streams taken up again"
        cluster.check(not self.failures, f"{said}:\n    " + "\n    ".join(self.failures[:12]))
        cluster.check(self.requests >= least, f"{said}: fewer than the {least} that were wanted")
        return said
