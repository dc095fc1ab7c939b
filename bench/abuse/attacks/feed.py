"""A client that was offline while as much was edited as an account may write in a day, and comes back: twenty times at once."""
import asyncio
import hashlib
import random
import subprocess

from .reads import LARGEST, large_task

TASKS, READERS = 6, 20
# More than fit into a day.
EDITS = 10_000
# So many go on to the end: all of them would be at it for minutes, since large pages of one user are read one after the other.
PATIENT = 1
# Letters of four bytes each.
WIDE = range(0x20000, 0x2A000)
STATE = "SELECT id, version, encode(sha256(convert_to(description, 'UTF8')), 'hex') FROM tasks.tasks WHERE id IN ({})"


def wide_text(seed):
    """The longest description that there may be, 64 KiB."""
    return "".join(map(chr, random.Random(seed).choices(WIDE, k=LARGEST)))


async def go_offline(hostile):
    """Some tasks, what a reader knows of them, and then edits until the day's quota is used up."""
    tasks = await hostile.make("/v1/tasks", [large_task(number) for number in range(TASKS)])
    known = Copy("")
    await known.catch_up(hostile, 0)
    client = hostile.clients[0]
    for number in range(EDITS):
        answer = await client.ask("PATCH", f"/v1/tasks/{tasks[number % TASKS]}", {"description": wide_text(number)})
        if answer.status == 403:
            hostile.note("edits until the day's quota is used up", number)
            return tasks, known
        answer.expect(200)
    raise AssertionError(f"{EDITS} edits are within the quota of a day")


class Copy:
    """What a reader of the feed has: each object's version and description, and the last sequence."""

    def __init__(self, cursor):
        self.cursor, self.sequence, self.objects, self.faults, self.pages = cursor, None, {}, [], 0

    def twin(self):
        """Another reader that knows the same."""
        twin = Copy(self.cursor)
        twin.sequence, twin.objects = self.sequence, dict(self.objects)
        return twin

    async def catch_up(self, hostile, number, goes_on=lambda: True):
        """Page by page until there is no more, or it gives up."""
        while goes_on():
            answer = await hostile.ask(number, "GET", f"/v1/changes?limit=200&cursor={self.cursor}", keep=True)
            if answer.status in (429, 503):
                await asyncio.sleep(1)
                continue
            page = answer.expect(200)
            self.pages += 1
            for change in page["items"]:
                self.apply(change)
            self.cursor = page["next_cursor"]
            if not page["has_more"]:
                return

    def apply(self, change):
        """Takes one change, and looks for what is missing before it."""
        identity, version, sequence = change["object_id"], change["object_version"], change["sequence"]
        before, digest = self.objects.get(identity, (0, None))
        if self.sequence is not None and sequence != self.sequence + 1:
            self.faults.append(f"sequence {sequence} after {self.sequence}")
        if version != before + 1:
            self.faults.append(f"version {version} after {before}")
        if "description" in change["changes"]:
            digest = hashlib.sha256(change["changes"]["description"]["to"].encode()).hexdigest()
        self.objects[identity], self.sequence = (version, digest), sequence


async def resume(hostile, state):
    """All come back at once, again and again, while more is written; who goes on to the end has what the database has."""
    tasks, known = state
    readers, edits = [known.twin() for _ in range(READERS)], 0

    async def edit():
        nonlocal edits
        while hostile.goes_on():
            edits += 1
            await hostile.ask(1, "PATCH", f"/v1/tasks/{tasks[edits % TASKS]}", {"description": wide_text(f"more {edits}")})
            await asyncio.sleep(0.2)

    async def read(number):
        while hostile.goes_on():
            readers[number] = known.twin()
            await hostile.turn()
            await readers[number].catch_up(hostile, number, hostile.goes_on)
    await asyncio.gather(edit(), *(read(number) for number in range(READERS)))
    readers = readers[:PATIENT]
    await asyncio.gather(*(reader.catch_up(hostile, number) for number, reader in enumerate(readers)))
    kept = database(hostile, tasks)
    for reader in readers:
        hostile.faults += reader.faults[:2]
        if {task: reader.objects.get(task) for task in tasks} != kept:
            hostile.faults.append("a reader's copy is not what the database has")
    hostile.note("changes", readers[0].sequence - known.sequence)
    hostile.note("pages to catch up", readers[0].pages)


def database(hostile, tasks):
    """Version and description of the tasks, as PostgreSQL has them."""
    listed = ", ".join(f"'{task}'" for task in tasks)
    asked = subprocess.run([hostile.told["psql"], "-XqAtc", STATE.format(listed), hostile.told["database"]],
                           capture_output=True, text=True, timeout=10, check=True)
    rows = (row.split("|") for row in asked.stdout.split())
    return {identity: (int(version), digest) for identity, version, digest in rows}
