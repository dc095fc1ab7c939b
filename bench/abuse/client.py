"""A client of the API: HTTP/1.1 by hand, since what a client costs is taken from the machine that is measured.

Each user has an address of the loopback network, 127.0.0.0/8, so that what is bounded by address is bounded as in the world.
"""
import asyncio
import json
import re
import time
import uuid
from typing import NamedTuple

PASSWORD = "correct-horse-battery-9"
# More than any request may take.
PATIENCE = 10
# Well below what the gateway allows (IDLE_TIMEOUT), so that none is closed while a request is on its way.
LONGEST_IDLE = 30
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# What a connection that ended looks like.
GONE = (OSError, EOFError, TimeoutError)


class Answer(NamedTuple):
    """What came back; `size` is there, too, where the body was not kept."""

    status: int
    body: bytes
    size: int

    def json(self):
        """The body, parsed."""
        return json.loads(self.body)

    def expect(self, *statuses):
        """The parsed body of an answer that has to be so."""
        if self.status not in statuses:
            raise SystemExit(f"answered {self.status} in place of {statuses}: {self.body[:300]!r}")
        return self.json() if self.body else None


class Client:
    """One address, or any, its token, and the connections that it keeps."""

    def __init__(self, server, source):
        self.server, self.source, self.token, self.idle = server, source, None, []

    def request(self, method, path, body=None, more=()):
        """A request as it goes over the wire. Every write has a key of its own."""
        lines = [f"{method} {path} HTTP/1.1", "Host: errand.local", *more]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if method != "GET":
            lines.append(f"Idempotency-Key: {uuid.uuid4()}")
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    async def connect(self):
        """A new connection."""
        return await asyncio.open_connection(*self.server, local_addr=self.source and (self.source, 0))

    async def ask(self, method, path, body=None, keep=True):
        """One request and its answer."""
        return await self.send(self.request(method, path, body), keep)

    async def send(self, request, keep=True):
        """The same of bytes. The connection is another's turn afterwards, unless something was wrong with it."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = self.kept() or await self.connect()
            try:
                writer.write(request)
                answer, stays = await read_answer(reader, keep)
            except BaseException:
                writer.transport.abort()
                raise
        if stays:
            self.idle.append((time.monotonic(), reader, writer))
        else:
            writer.close()
        return answer

    def kept(self):
        """A connection that has been idle for a short time, if there is one."""
        while self.idle:
            since, reader, writer = self.idle.pop()
            if time.monotonic() - since < LONGEST_IDLE and not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def register(self, email):
        """Makes the account and signs it in."""
        (await self.ask("POST", "/v1/auth/register", {"email": email, "password": PASSWORD})).expect(201)
        await self.log_in(email)

    async def log_in(self, email):
        """Takes a token, which is good for ten minutes."""
        answer = await self.ask("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
        self.token = answer.expect(200)["access_token"]

    def close(self):
        """Ends what it keeps."""
        for _, _, writer in self.idle:
            writer.close()
        self.idle = []


async def read_chunks(reader):
    """A body that comes in chunks (RFC 9112, 7.1)."""
    chunks = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(chunks)


async def read_answer(reader, keep=True):
    """An answer, and whether the connection stays. A body that nobody wants is read and forgotten."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, stays = int(head[9:12]), b"\r\nconnection: close" not in head.lower()
    length = LENGTH.search(head)
    # As a proxy in front of it may send it on.
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        body = await read_chunks(reader)
        return Answer(status, body, len(body)), stays
    if length is None and status not in (204, 304):
        raise SystemExit(f"an answer without a length: {head!r}")
    size = int(length[1]) if length else 0
    # A refusal is short, and says why.
    if keep or status >= 400:
        return Answer(status, await reader.readexactly(size), size), stays
    left = size
    while left:
        part = await reader.read(min(left, 1 << 16))
        if not part:
            raise EOFError
        left -= len(part)
    return Answer(status, b"", size), stays
