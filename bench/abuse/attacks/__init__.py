"""The attacks: for each what it prepares before anything is measured, and what it then does."""
from . import bad, connections, feed, frames, listening, logins, many, places, projects, reads, windows, writes


async def nothing(_hostile):
    """What needs nothing but the account."""


ATTACKS = {
    "searches": (reads.large_tasks, reads.search),
    "lists": (reads.large_tasks, reads.list_all),
    "slow-readers": (reads.large_tasks, reads.read_slowly),
    "closed-windows": (reads.large_tasks, windows.leave_no_room),
    "writes": (writes.one_task, writes.write),
    "unchanged": (writes.one_task, writes.change_nothing),
    "projects": (projects.large_project, projects.delete_and_restore),
    "listeners": (listening.end_of_feed, listening.listen),
    "feed": (feed.go_offline, feed.resume),
    "logins": (logins.accounts, logins.guess),
    "half-requests": (nothing, connections.send_halves),
    "frames": (nothing, frames.flood),
    "moves": (places.siblings, places.move),
    "trash": (nothing, writes.create_and_delete),
    "bad-requests": (writes.one_task, bad.ask_badly),
    "many-writers": (many.accomplices, many.write),
    "many-searchers": (many.searched, many.search),
    "many-readers": (many.wide_tasks, many.read),
    "many-passwords": (many.accomplices, many.confirm),
}
