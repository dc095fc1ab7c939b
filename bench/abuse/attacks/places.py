"""Moves to one spot, until there is no room between two neighbours."""
import itertools

TASKS = 1100
DEEP = 5


async def siblings(hostile):
    """So many tasks beside one another, and some that lie in each other as deep as they may."""
    project, = await hostile.make("/v1/projects", [{"name": "ranks"}])
    tasks = await hostile.make("/v1/tasks", [{"title": f"sibling {number}", "project_id": project} for number in range(TASKS)])
    parent = tasks[-1]
    for number in range(DEEP - 1):
        parent, = await hostile.make("/v1/tasks", [{"title": f"deep {number}", "parent_id": parent}])
    return tasks, parent


async def move(hostile, state):
    """Each goes right behind the first, or right before the second; now and then one goes where it would lie too deep."""
    (first, *tasks), deepest = state
    turns = itertools.count()

    async def step(number):
        turn = next(turns)
        task = tasks[turn % (len(tasks) - 1)]
        to = {"parent_id": deepest} if turn % 50 == 49 else {"after": first}
        await hostile.ask(number, "POST", f"/v1/tasks/{task}/move", to)
    await hostile.crowd(32, step)
