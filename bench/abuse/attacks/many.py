"""Several accounts, each from an address of its own, that do the worst of a kind together."""
from client import PASSWORD, Client

ACCOUNTS = 8
# A character of four bytes: the longest description takes 64 KiB.
WIDE, LARGEST = "\N{MUSICAL SYMBOL G CLEF}", 16_384
# No word has it, and each almost does: it is looked for at every place of a text.
ALMOST, ABSENT = "a" * LARGEST, "b" + "a" * 7_000
SEARCHED = 15


async def accomplices(hostile):
    """Their clients, signed in."""
    found = [Client(hostile.server, f"{hostile.told['network']}.{100 + number}") for number in range(ACCOUNTS)]
    for number, client in enumerate(found):
        await client.register(f"accomplice-{number}-of-{hostile.told['attack']}@example.com")
    return found


async def searched(hostile):
    """A few long texts of each."""
    found = await accomplices(hostile)
    for client in found:
        for number in range(SEARCHED):
            (await client.ask("POST", "/v1/tasks", {"title": f"almost {number}", "description": ALMOST})).expect(201)
    return found


async def ask_as(hostile, client, method, path, body=None):
    """A request of one of them, counted by its answer."""
    hostile.count(await client.ask(method, path, body, keep=False))


async def write(hostile, clients):
    """The largest tasks that there may be, sixteen at a time of each."""
    async def step(number):
        body = {"title": f"wide {number}", "description": WIDE * LARGEST}
        await ask_as(hostile, clients[number % ACCOUNTS], "POST", "/v1/tasks", body)
    await hostile.crowd(16 * ACCOUNTS, step)


async def search(hostile, clients):
    """As many searches at once of each as one may have, that take as long as one may."""
    async def step(number):
        await ask_as(hostile, clients[number % ACCOUNTS], "GET", f"/v1/tasks?q={ABSENT}")
    await hostile.crowd(64 * ACCOUNTS, step)


async def confirm(hostile, clients):
    """The right password, and a new one that is none: each costs a hash."""
    async def step(number):
        body = {"current_password": PASSWORD, "new_password": "x"}
        await ask_as(hostile, clients[number % ACCOUNTS], "PUT", "/v1/me/password", body)
    await hostile.crowd(5 * ACCOUNTS, step)


async def read(hostile, clients):
    """Pages of one task first, so that the next are thought to be small, and then large ones."""
    async def step(number):
        limit = 200 if number % 8 == 0 else 1
        await ask_as(hostile, clients[number % ACCOUNTS], "GET", f"/v1/tasks?limit={limit}")
    await hostile.crowd(8 * ACCOUNTS, step)


async def wide_tasks(hostile):
    """A hundred of the largest tasks of each."""
    found = await accomplices(hostile)
    for client in found:
        for number in range(100):
            (await client.ask("POST", "/v1/tasks", {"title": f"wide {number}", "description": WIDE * LARGEST})).expect(201)
    return found
