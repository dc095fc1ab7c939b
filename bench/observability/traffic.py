"""What people do, all of it: so that whatever is counted is."""
import asyncio
import secrets

from client import PASSWORD, Client

USERS = 4
EVERY = 0.02


async def mistype(user, mail):
    """The password, and the address."""
    await user.ask("POST", "/v1/auth/login", {"email": mail, "password": "wrong-horse-battery-9"})
    await user.ask("POST", "/v1/auth/login", {"email": f"no{mail}", "password": PASSWORD})


async def sign_in(user, mail):
    """And refreshes."""
    tokens = (await user.ask("POST", "/v1/auth/login", {"email": mail, "password": PASSWORD})).expect(200)
    fresh = await user.ask("POST", "/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    user.token = fresh.expect(200)["access_token"]


async def work(user, step):
    """A round of everything."""
    priority = ["none", "low", "medium", "high", "urgent"][step % 5]
    task = (await user.ask("POST", "/v1/tasks", {"title": f"task {step}", "priority": priority})).expect(201)
    path = f"/v1/tasks/{task['id']}"
    await user.ask("GET", path)
    await user.ask("PATCH", path, {"status": "in_process"})
    await user.ask("POST", f"{path}/complete", {})
    for read in ("/v1/tasks?limit=50", f"/v1/tasks?q=task+{step}", "/v1/projects", "/v1/changes", "/v1/activity", "/v1/trash", "/v1/usage",
                 "/v1/me", "/v1/sessions", "/v1/limits", "/v1/nothing", f"{path[:-1]}{'0' if path[-1] != '0' else '1'}"):
        await user.ask("GET", read)
    if step % 2:
        await user.ask("DELETE", path)
        await user.ask("POST", f"/v1/trash/{task['id']}/restore", {})


async def follow(user):
    """A poll that waits, and one whose client does not."""
    page = (await user.ask("GET", "/v1/changes?limit=200")).expect(200)
    try:
        await asyncio.wait_for(user.ask("GET", f"/v1/changes?wait=20s&cursor={page['next_cursor']}"), 0.3)
    except TimeoutError:
        return


def loopback(number):
    """Addresses for as many as there may be."""
    return f"127.0.1.{number + 1}"


async def everything(server, seconds, sources=loopback):
    """All users at once, for so long, each from a source of its own."""
    end = asyncio.get_running_loop().time() + seconds

    async def one(number):
        user, step, mail = Client(server, sources(number)), 0, f"user{number}-{secrets.token_hex(4)}@example.com"
        await user.register(mail)
        while asyncio.get_running_loop().time() < end:
            await work(user, step)
            if step % 20 == 0:
                # One of them: all may come from one address, where mistakes are counted.
                if number == 0 and step % 60 == 0:
                    await mistype(user, mail)
                await sign_in(user, mail)
                await follow(user)
            step += 1
            await asyncio.sleep(EVERY)

    await asyncio.gather(*(one(number) for number in range(USERS)))


async def ask_on(server, counts, source=loopback(8)):
    """Signs in, and then so many requests at a time, one after the other, whatever comes of them; the statuses."""
    user = Client(server, source)
    await user.register(f"user-{secrets.token_hex(4)}@example.com")
    yield None
    for count in counts:
        yield [(await user.ask("GET", "/v1/tasks")).status for _ in range(count)]
