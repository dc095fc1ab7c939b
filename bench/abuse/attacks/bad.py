"""Requests that are none, or that are wrong in one thing."""
import itertools

from client import GONE, read_answer

RAW = [
    b"\x00\x01\x02\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
    b"POST /v1/tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: x\r\n" % number for number in range(200)) + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
]
WRONG = [
    ("GET", "/%00%ff/../..//" + "b" * 300, None),
    ("BREW", "/v1/tasks", None),
    ("GET", "/v1/tasks?limit=0&limit=x&what=" + "%F0" * 200, None),
    ("GET", "/v1/tasks/not-an-id", None),
    ("POST", "/v1/tasks", {"title": 1, "nothing": {"of": ["the", "kind"]}}),
    ("POST", "/v1/tasks", {f"field{number}": number for number in range(2000)}),
    ("POST", "/v1/tasks", {"title": "x" * 200_000}),
    ("POST", "/v1/tasks", {"title": "x", "labels": [[[[[[]]]]]] * 500}),
    ("PATCH", "/v1/me", {"time_zone": "../../etc/passwd"}),
    ("DELETE", "/v1/sessions/" + "0" * 36, None),
]


async def ask_badly(hostile, tasks):
    """One after another. Some of what is sent is no HTTP at all."""
    client, turns = hostile.clients[0], itertools.count()
    broken = [client.request("PATCH", f"/v1/tasks/{tasks[0]}", {"title": "x"})[:-3] + tail for tail in (b"}}}", b"\xff\xff\xff", b"[[[")]
    deep = client.request("POST", "/v1/tasks", "deep").replace(b'"deep"', b"[[[[[[").replace(b"Length: 6", b"Length: 90006") + b"[" * 90_000
    raw = [*RAW, *broken, deep]

    async def step(number):
        turn = next(turns)
        if turn % 2:
            method, path, body = WRONG[turn // 2 % len(WRONG)]
            await hostile.ask(number, method, path, body, keep=True)
            return
        reader, writer = await hostile.clients[number % len(hostile.clients)].connect()
        try:
            writer.write(raw[turn // 2 % len(raw)])
            hostile.count((await read_answer(reader))[0])
        except GONE:
            hostile.seen["closed"] += 1
        finally:
            writer.transport.abort()
    await hostile.crowd(32, step)
