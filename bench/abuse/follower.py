"""Someone who follows the feed all the time, and misses nothing."""
import asyncio
import json

from client import GONE

LONGEST_SILENCE = 5


class Follower:
    """One user's stream, taken up where it ended."""

    def __init__(self, client):
        self.client, self.cursor, self.sequence, self.task = client, None, None, None
        self.faults, self.events = [], 0

    def begin(self):
        """Follows from now on."""
        self.task = asyncio.create_task(self.follow())

    async def follow(self):
        """Stream after stream. One that ends is no fault; one that cannot be had, or that has a gap, is."""
        while True:
            try:
                await self.read()
            except GONE:
                pass
            await asyncio.sleep(0.2)

    async def read(self):
        """One stream, to its end."""
        more = ["Accept: text/event-stream"] + ([f"Last-Event-ID: {self.cursor}"] if self.cursor else [])
        reader, writer = await self.client.connect()
        try:
            writer.write(self.client.request("GET", "/v1/changes/stream", more=more))
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:12] != b"200":
                self.faults.append(f"stream: {head[9:12].decode()}")
                await asyncio.sleep(1)
                return
            cursor, data = None, None
            # The chunks are left in: their sizes stand on lines of their own, and none of them looks like a field.
            while line := await reader.readline():
                name, _, value = line.strip().partition(b":")
                if name == b"id":
                    cursor = value.strip().decode()
                elif name == b"data":
                    data = json.loads(value)
                elif not name and cursor is not None and data is not None:
                    self.note(cursor, data)
                    cursor, data = None, None
        finally:
            writer.transport.abort()

    def note(self, cursor, change):
        """Notes one event; a bookmark has a cursor alone."""
        self.cursor = cursor
        if not change:
            return
        if self.sequence is not None and change["sequence"] != self.sequence + 1:
            self.faults.append(f"stream: {change['sequence']} after {self.sequence}")
        self.sequence = change["sequence"]
        self.events += 1

    def begin_anew(self):
        """Forgets what was seen, not where it was."""
        self.faults, self.events = [], 0

    def said(self, seconds):
        """What was wrong. Each user writes more than twice a second: who hears of nothing for long is not told."""
        return self.faults + (["stream: silent"] if not self.events and seconds > LONGEST_SILENCE else [])

    def end(self):
        """Follows no more."""
        if self.task:
            self.task.cancel()
