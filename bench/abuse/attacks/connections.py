"""Connections that begin a request and never end it."""
import asyncio
import time

from client import GONE

CROWD = 1000
# A head may take ten seconds (HEADER_TIMEOUT), and this machine is busy.
LONGEST = 12
TRICKLE = 2


def half(client, number):
    """Half a head, or a head with half a body."""
    if number % 2:
        return b"GET /v1/tasks HTTP/1.1\r\nHost: errand.local\r\nX-Half: "
    whole = client.request("POST", "/v1/tasks", {"title": "x" * 400})
    return whole[:-200]


async def send_halves(hostile, _nothing):
    """So many at once. Every other one of either kind sends a byte now and then, as if it were alive."""
    lives = []

    async def step(number):
        client = hostile.clients[number % len(hostile.clients)]
        reader, writer = await client.connect()
        began = time.monotonic()
        try:
            writer.write(half(client, number))
            await stay(hostile, reader, writer, number % 4 < 2)
        except GONE:
            hostile.seen["closed"] += 1
        finally:
            if hostile.goes_on():
                lives.append(time.monotonic() - began)
            elif time.monotonic() - began > LONGEST:
                lives.append(LONGEST + 1)
            writer.transport.abort()
    await hostile.crowd(CROWD, step)
    hostile.note("longest life s", round(max(lives, default=0), 1))
    if max(lives, default=0) > LONGEST:
        hostile.faults.append(f"{sum(life > LONGEST for life in lives)} half requests were kept for more than {LONGEST} s")


async def stay(hostile, reader, writer, trickles):
    """Waits for the server to end it, and counts what it says."""
    while hostile.goes_on():
        try:
            said = await asyncio.wait_for(reader.read(1 << 16), TRICKLE)
        except TimeoutError:
            if trickles:
                writer.write(b"x")
            continue
        if not said:
            hostile.seen["closed"] += 1
            return
        if said.startswith(b"HTTP/1.1 "):
            hostile.seen[said[9:12].decode()] += 1
