"""Reads that cost much: searches, large lists, and lists that nobody fetches."""
import asyncio
import random
import socket

from client import GONE

LARGEST = 16_384
TASKS = 300
WORDS = 16
SLOW, UNREAD = 200, 600
SIP = 2048
# TCP_CLOSE_WAIT: the server has ended the connection.
ENDED = 8
LIST = "/v1/tasks?limit=200"


def large_text(seed):
    """As many different words as fit, so that no index and no compression makes it small."""
    chance = random.Random(seed)
    return " ".join(f"{chance.getrandbits(36):x}" for _ in range(1640)).ljust(LARGEST, "x")[:LARGEST]


def large_task(seed):
    """A task with the longest description that there may be."""
    return {"title": f"large {seed}", "description": large_text(seed)}


async def large_tasks(hostile):
    """So many large tasks."""
    return await hostile.make("/v1/tasks", [large_task(number) for number in range(TASKS)])


async def search(hostile, _tasks):
    """Words that stand in every task, and one that stands in none: all is looked through, and nothing is found."""
    chance = random.Random(1)

    async def step(number):
        words = [f"{chance.randrange(16):x}{chance.randrange(16):x}" for _ in range(WORDS - 1)]
        await hostile.ask(number, "GET", f"{LIST}&q={'+'.join([*words, 'zzzz'])}")
    await hostile.crowd(64, step)


async def list_all(hostile, _tasks):
    """Pages as large as they get, which are read as fast as they come."""
    size = 0

    async def step(number):
        nonlocal size
        answer = await hostile.ask(number, "GET", LIST)
        size += answer.size
    await hostile.crowd(64, step)
    hostile.note("MiB read", size >> 20)


async def asked_for(hostile, number):
    """A connection with as little room as the system allows, on which a large page was asked for."""
    client = hostile.clients[number % len(hostile.clients)]
    connection = socket.socket()
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    try:
        connection.bind((client.source, 0))
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.sock_connect(connection, hostile.server), 5)
        await loop.sock_sendall(connection, client.request("GET", LIST))
    except BaseException:
        connection.close()
        raise
    return connection


def is_ended(connection):
    """Whether the server has ended it."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (ENDED, 7)


async def read_slowly(hostile, _tasks):
    """Large pages, read at a byte a second, or in sips that let the answer seem to be wanted, or never."""
    loop, held = asyncio.get_running_loop(), set()

    async def step(number):
        connection = await asked_for(hostile, number)
        held.add(connection)
        hostile.seen["asked"] += 1
        try:
            while hostile.goes_on() and not is_ended(connection):
                await asyncio.sleep(1)
                if number < SLOW and not await asyncio.wait_for(loop.sock_recv(connection, SIP if number % 2 else 1), 10):
                    break
        except GONE:
            pass
        hostile.seen["ended by the server"] += hostile.goes_on()
        # Those that are open at the end close together.
        if hostile.goes_on():
            held.discard(connection)
            connection.close()
    await hostile.crowd(SLOW + UNREAD, step)
    hostile.note("open at the end", len(held))
    for connection in held:
        connection.close()
