"""The hostile account: one user at four addresses, in a process of its own so that others are not measured by a client that is busy.

Started by `run`: reads one line of JSON, prepares, says "ready", waits for a line, attacks, and prints one line of JSON.
"""
import asyncio
import json
import os
import sys
import time
from collections import Counter

sys.dont_write_bytecode = True

from client import GONE, Client

# Requests a second: three times what one user may ask, and little enough for this client not to eat the machine.
RATE = 300
ADDRESSES = 4
# What an attack may take beyond its time: for the requests under way, and for looking at what came of it.
GRACE = 240


class Hostile:
    """Who attacks: addresses, a pace, and what came back."""

    def __init__(self, told):
        self.told, self.server = told, (told["host"], told["port"])
        self.clients = [Client(self.server, f"{told['network']}.{number + 1}") for number in range(ADDRESSES)]
        self.seen, self.notes, self.faults = Counter(), {}, []
        self.until, self.turn_at = 0.0, 0.0

    async def sign_up(self):
        """Makes the account, and gives its token to all addresses."""
        first, *rest = self.clients
        await first.register(f"hostile-{self.told['attack']}@example.com")
        for client in rest:
            client.token = first.token

    def goes_on(self):
        """Whether there is time left."""
        return time.monotonic() < self.until

    async def turn(self, rate=RATE):
        """Waits until the next request may go."""
        now = time.monotonic()
        self.turn_at = max(self.turn_at, now - 0.1) + 1 / rate
        await asyncio.sleep(self.turn_at - now)

    async def crowd(self, count, step):
        """So many at once, each of which takes the step over and over until the time is over."""
        async def one(number):
            while self.goes_on():
                await self.turn()
                if not self.goes_on():
                    return
                try:
                    await step(number)
                except GONE as error:
                    self.seen["timed out" if isinstance(error, TimeoutError) else "closed"] += 1
        await asyncio.gather(*(one(number) for number in range(count)))

    async def ask(self, number, method, path, body=None, keep=False):
        """A request from one of the addresses, counted by its answer."""
        answer = await self.clients[number % ADDRESSES].ask(method, path, body, keep)
        self.count(answer)
        return answer

    def count(self, answer):
        """Counts an answer. What is unexpected to the server itself is its fault, whatever was asked."""
        reason = f" {answer.json().get('code')}" if answer.status == 503 else ""
        self.seen[f"{answer.status}{reason}"] += 1
        if answer.status == 500:
            self.faults.append(f"500: {answer.body[:200]!r}")

    async def make(self, path, bodies):
        """Creates in set-up, a few at a time; returns the ids in order."""
        ids, waiting = [None] * len(bodies), list(enumerate(bodies))[::-1]

        async def some(client):
            while waiting:
                number, body = waiting.pop()
                while (answer := await client.ask("POST", path, body)).status in (429, 503):
                    await asyncio.sleep(0.5)
                ids[number] = answer.expect(201)["id"]
        await asyncio.gather(*(some(client) for client in self.clients * 2))
        return ids

    def note(self, name, value):
        """Something to tell beside the answers."""
        self.notes[name] = value


async def line():
    """What `run` says next."""
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def tell(text):
    """Says it to `run`."""
    print(text, flush=True)


async def main():
    """One attack."""
    from attacks import ATTACKS
    hostile = Hostile(json.loads(await line()))
    prepare, attack = ATTACKS[hostile.told["attack"]]
    await hostile.sign_up()
    state = await prepare(hostile)
    tell("ready")
    if not await line():
        return
    hostile.until, used = time.monotonic() + hostile.told["seconds"], time.process_time()
    try:
        async with asyncio.timeout(hostile.told["seconds"] + GRACE):
            await attack(hostile, state)
    except TimeoutError:
        hostile.faults.append(f"it had not ended {GRACE} s after its time")
    cores = {"attacker": round((time.process_time() - used) / hostile.told["seconds"], 2)}
    tell(json.dumps({"seen": hostile.seen, "notes": hostile.notes, "faults": hostile.faults, "cores": cores}))


if __name__ == "__main__":
    # What is measured are the servers: this client has what they and the others leave.
    os.setpriority(os.PRIO_PROCESS, 0, 10)
    asyncio.run(main())
