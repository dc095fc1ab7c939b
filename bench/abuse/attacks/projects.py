"""One write that touches thousands of large tasks."""
import time
from collections import Counter

from client import GONE

from .reads import large_task

TASKS = 2000
# How much of the time is left for deleting it for good.
LAST = 0.15


async def large_project(hostile):
    """A project of so many large tasks."""
    project, = await hostile.make("/v1/projects", [{"name": "large"}])
    await hostile.make("/v1/tasks", [large_task(number) | {"project_id": project} for number in range(TASKS)])
    return project


async def delete_and_restore(hostile, project):
    """Into the trash and out of it, by two at once, and in the end it is deleted for good."""
    end, times, outcomes = hostile.until, {}, Counter()
    hostile.until = end - LAST * hostile.told["seconds"]

    async def write(number, name, method, path):
        began = time.monotonic()
        try:
            answer = await hostile.ask(number, method, path, keep=True)
        except GONE as error:
            outcomes[f"{name} {error!r}"] += 1
            return
        outcomes[f"{name} {answer.status} {answer.json().get('code', '') if answer.body else ''}".strip()] += 1
        if answer.status < 300:
            times[name] = max(times.get(name, 0), int((time.monotonic() - began) * 1e3))

    async def step(number):
        await write(number, "delete", "DELETE", f"/v1/projects/{project}")
        await write(number, "restore", "POST", f"/v1/trash/{project}/restore")
    await hostile.crowd(2, step)
    hostile.until = end
    await write(0, "delete", "DELETE", f"/v1/projects/{project}")
    await write(0, "purge", "DELETE", f"/v1/trash/{project}")
    hostile.note("slowest ms", times)
    hostile.note("outcomes", outcomes)
