"""The load of everyone else: what users do, at a rate that does not wait for answers."""
import asyncio
import random
import time
from collections import Counter

from client import GONE, Client
from follower import Follower

USERS = 20
TASKS = 30
# Requests a second of all together: far below what two cores can do, so that a client that waits, waits for another's request.
RATE = 180
MIX = {"get": 45, "list": 20, "search": 5, "create": 8, "delete": 7, "update": 10, "complete": 5}
# Well before a token ends.
TOKEN_SECONDS = 240
WORDS = "plan water roof figures letter garden bread ticket winter review paint call train cellar lamp".split()


class Measured:
    """What a load saw: how long answers took, counted from when they were due, and what went wrong."""

    def __init__(self):
        self.answers, self.late, self.errors = [], [], Counter()

    def p99(self, kind=None):
        """What 99 of 100 answers stayed within, of all or of a kind, in milliseconds."""
        return p99(took for name, took in self.answers if kind in (None, name))

    def by_kind(self):
        """The same of each kind."""
        return {kind: round(self.p99(kind), 1) for kind in MIX}


def p99(values):
    """What 99 of 100 stay within."""
    ordered = sorted(values)
    return ordered[len(ordered) * 99 // 100] if ordered else 0.0


class User:
    """One of them, with some tasks."""

    def __init__(self, server, number):
        self.email = f"other{number}@example.com"
        self.client, self.tasks, self.signed_in = Client(server, f"127.1.0.{number + 1}"), [], 0.0
        self.follower = Follower(self.client) if number % 3 == 0 else None

    async def prepare(self):
        """Makes the account, the tasks, and takes up the feed."""
        await self.client.register(self.email)
        self.signed_in = time.monotonic()
        answers = await asyncio.gather(*(self.client.ask("POST", "/v1/tasks", text(random)) for _ in range(TASKS)))
        self.tasks = [answer.expect(201)["id"] for answer in answers]
        if self.follower:
            self.follower.begin()

    async def stay_signed_in(self):
        """Takes another token in time."""
        if time.monotonic() - self.signed_in > TOKEN_SECONDS:
            await self.client.log_in(self.email)
            self.signed_in = time.monotonic()

    def request(self, kind, chance):
        """Method, path and body of something that users do."""
        path = f"/v1/tasks/{chance.choice(self.tasks)}"
        if kind == "create" or (kind == "delete" and len(self.tasks) <= TASKS // 2):
            return "POST", "/v1/tasks", text(chance)
        if kind == "delete":
            return "DELETE", f"/v1/tasks/{self.tasks.pop(0)}", None
        return {"get": ("GET", path, None),
                "list": ("GET", "/v1/tasks?limit=20", None),
                "search": ("GET", f"/v1/tasks?limit=20&q={chance.choice(WORDS)}", None),
                "update": ("PATCH", path, text(chance)),
                "complete": ("POST", f"{path}/{chance.choice(['complete', 'reopen'])}", None)}[kind]


def text(chance):
    """A task as people write them."""
    return {"title": " ".join(chance.choices(WORDS, k=4)), "description": " ".join(chance.choices(WORDS, k=30))}


class Others:
    """All of them."""

    def __init__(self, server, seed=7):
        self.users, self.chance = [User(server, number) for number in range(USERS)], random.Random(seed)

    async def prepare(self):
        """Makes them, one after another: they are not the attack."""
        for user in self.users:
            await user.prepare()

    async def stay_signed_in(self):
        """As above, before a measurement and never in it."""
        for user in self.users:
            await user.stay_signed_in()

    async def load(self, seconds):
        """Sends requests when they are due, whether or not those before were answered."""
        measured, under_way = Measured(), set()
        for user in self.users:
            if user.follower:
                user.follower.begin_anew()
        due = time.monotonic()
        end = due + seconds
        while due < end:
            await asyncio.sleep(due - time.monotonic())
            measured.late.append((time.monotonic() - due) * 1e3)
            task = asyncio.create_task(self.one(measured, due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due += self.chance.expovariate(RATE)
        if under_way:
            await asyncio.wait(under_way)
        for user in self.users:
            if user.follower:
                measured.errors.update(user.follower.said(seconds))
        return measured

    async def one(self, measured, due):
        """One request of one user."""
        user = self.chance.choice(self.users)
        kind, = self.chance.choices(list(MIX), MIX.values())
        method, path, body = user.request(kind, self.chance)
        try:
            answer = await user.client.ask(method, path, body)
        except GONE as error:
            measured.errors[f"{kind}: {error!r}"] += 1
            return
        measured.answers.append((kind, (time.monotonic() - due) * 1e3))
        if answer.status == 201 and method == "POST":
            user.tasks.append(answer.json()["id"])
        # What was asked of a task that another of the user's requests has just deleted is not an error.
        elif answer.status == 404 and kind in ("get", "update", "complete"):
            return
        elif answer.status >= 300:
            reason = answer.json().get("code")
            measured.errors[f"{kind}: {answer.status} {reason}"] += 1

    async def end(self):
        """Ends their connections."""
        for user in self.users:
            if user.follower:
                user.follower.end()
            user.client.close()
