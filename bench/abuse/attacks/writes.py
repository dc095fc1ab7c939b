"""Writes as large and as many as there may be."""
from .reads import large_task, large_text


async def one_task(hostile):
    """A few large tasks to change."""
    return await hostile.make("/v1/tasks", [large_task(number) for number in range(8)])


async def write(hostile, tasks):
    """The largest description, created and changed by turns. No two are alike."""
    sent = 0

    async def step(number):
        nonlocal sent
        sent += 1
        if sent % 2:
            await hostile.ask(number, "POST", "/v1/tasks", large_task(sent))
        else:
            await hostile.ask(number, "PATCH", f"/v1/tasks/{tasks[number % len(tasks)]}", {"description": large_text(sent)})
    await hostile.crowd(32, step)


async def change_nothing(hostile, tasks):
    """Patches of what is so already: each has its key, and nothing else that is worth keeping."""
    texts = [large_text(number) for number in range(len(tasks))]

    async def step(number):
        which = number % len(tasks)
        await hostile.ask(number, "PATCH", f"/v1/tasks/{tasks[which]}", {"description": texts[which]})
    await hostile.crowd(32, step)


async def create_and_delete(hostile, _nothing):
    """What goes into the trash at once, and the list of it."""
    async def step(number):
        answer = await hostile.ask(number, "POST", "/v1/tasks", large_task(number), keep=True)
        if answer.status == 201:
            await hostile.turn()
            await hostile.ask(number, "DELETE", f"/v1/tasks/{answer.json()['id']}")
        await hostile.turn()
        await hostile.ask(number, "GET", "/v1/trash?limit=200")
    await hostile.crowd(32, step)
