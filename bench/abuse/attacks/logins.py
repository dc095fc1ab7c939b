"""Guesses at passwords: of one account from a few addresses, and of accounts that there are not, from many."""
import asyncio
import statistics
import time

from client import GONE, Client

CROWD = 200
ADDRESSES = 4000
# Someone else who wants to sign in meanwhile, at addresses of their own, so often.
PAUSE = 1.0
HONEST = 8
# What is told to come again is told so in this time, in milliseconds: half of it, since this client has the same two cores.
LONGEST = 600


async def accounts(hostile):
    """The account whose password is guessed, and others who sign in meanwhile."""
    await Client(hostile.server, "127.4.0.1").register("victim@example.com")
    for number in range(HONEST):
        await Client(hostile.server, f"127.4.1.{number + 1}").register(f"honest{number}@example.com")


async def guess(hostile, _nothing):
    """So many at once. Half of them come from one address after another, so that it is not the rate of an address that ends it."""
    sent, refused = 0, []
    many = [Client(hostile.server, f"127.3.{number >> 8}.{number & 255}") for number in range(ADDRESSES)]
    for client in hostile.clients:
        client.token = None

    async def step(number):
        nonlocal sent
        sent += 1
        known = number % 2
        client = hostile.clients[number % len(hostile.clients)] if known else many[sent % ADDRESSES]
        email = "victim@example.com" if known else f"nobody{sent}@example.com"
        began = time.monotonic()
        answer = await client.ask("POST", "/v1/auth/login", {"email": email, "password": f"a wrong guess {sent}"})
        hostile.count(answer)
        if answer.status == 503:
            refused.append((time.monotonic() - began) * 1e3)
        if not known:
            client.close()
    honest = asyncio.create_task(sign_in(hostile))
    await hostile.crowd(CROWD, step)
    if refused[1:]:
        shares = statistics.quantiles(refused, n=100)
        hostile.note("a 503 took ms, p50 and p99", [int(shares[49]), int(shares[98])])
        if shares[49] > LONGEST:
            hostile.faults.append(f"half of what was refused for want of threads took more than {shares[49]:.0f} ms")
    answers = await honest
    hostile.note("others' logins", answers)
    if not answers.get(200):
        hostile.faults.append(f"nobody else could sign in: {answers}")


async def sign_in(hostile):
    """Others sign in meanwhile; returns what they were answered."""
    seen, number = {}, 0
    while hostile.goes_on():
        number += 1
        client = Client(hostile.server, f"127.4.1.{number % HONEST + 1}")
        body = {"email": f"honest{number % HONEST}@example.com", "password": "correct-horse-battery-9"}
        try:
            name = (await client.ask("POST", "/v1/auth/login", body)).status
        except GONE:
            name = "closed"
        seen[name] = seen.get(name, 0) + 1
        client.close()
        await asyncio.sleep(PAUSE)
    return seen
