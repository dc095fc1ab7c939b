"""Thousands who wait for changes of one account."""
import asyncio

from client import GONE, read_answer

CROWD = 5000
POLL = "/v1/changes?wait=30s"
STREAM = "/v1/changes/stream"


async def end_of_feed(hostile):
    """Where there is nothing to be told yet."""
    await hostile.make("/v1/tasks", [{"title": "the only one"}])
    page = (await hostile.clients[0].ask("GET", "/v1/changes?limit=200")).expect(200)
    return page["next_cursor"]


async def listen(hostile, cursor):
    """Polls and streams by turns, each on a connection of its own, which stays for as long as it may."""
    opened = 0

    async def step(number):
        nonlocal opened
        opened += 1
        client = hostile.clients[number % len(hostile.clients)]
        reader, writer = await client.connect()
        try:
            if opened % 2:
                writer.write(client.request("GET", f"{POLL}&cursor={cursor}"))
                answer, _ = await asyncio.wait_for(read_answer(reader), 40)
                hostile.count(answer)
            else:
                writer.write(client.request("GET", STREAM))
                await stay(hostile, reader)
        finally:
            writer.transport.abort()
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + hostile.told["seconds"] + 1):
            await hostile.crowd(CROWD, step)
    except TimeoutError:
        pass  # The polls that still wait are given up.
    hostile.note("opened", opened)


async def stay(hostile, reader):
    """Stays on a stream that was let in, and reads none of it."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    hostile.seen[f"stream {head[9:12].decode()}"] += 1
    try:
        while head[9:12] == b"200" and hostile.goes_on():
            await asyncio.sleep(1)
    except GONE:
        pass
