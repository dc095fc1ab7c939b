"""The README's session by a client that openapi-python-client makes: python session.py URL, with `errand_client` on the path."""
import sys
import uuid
from http import HTTPStatus

from errand_client import AuthenticatedClient, Client
from errand_client.api.accounts import login, logout, read_account, register
from errand_client.api.changes import list_changes
from errand_client.api.tasks import complete_task, create_task, delete_task, list_tasks, read_task, update_task
from errand_client.api.trash import restore
from errand_client.models import Credentials, NewTask, Priority, Problem, Registration, Status, TaskPatch


def expect(status, answer):
    """What was read out of an answer of this status."""
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.content}"
    return answer.parsed


def main(url):
    anonymous, email, password = Client(url), f"python-{uuid.uuid4()}@example.com", "correct horse battery staple"
    user = expect(HTTPStatus.CREATED, register.sync_detailed(client=anonymous, body=Registration(email=email, password=password)))
    assert user.email == email
    tokens = expect(HTTPStatus.OK, login.sync_detailed(client=anonymous, body=Credentials(email=email, password=password)))
    client = AuthenticatedClient(url, token=tokens.access_token)
    task = makes_a_task(client)
    changes_it(client, task)
    finishes_it(client, task)
    page = expect(HTTPStatus.OK, list_changes.sync_detailed(client=client, limit=100))
    operations = [change.operation for change in page.items if change.object_id == task.id]
    assert operations == ["create", "update", "complete", "delete", "restore"], operations
    expect(HTTPStatus.NO_CONTENT, logout.sync_detailed(client=client))
    expect(HTTPStatus.UNAUTHORIZED, read_account.sync_detailed(client=client))


def makes_a_task(client):
    new = NewTask.from_dict({"title": "Water the plants", "due": {"date": "2026-12-24"}, "labels": ["home"]})
    created = create_task.sync_detailed(client=client, body=new)
    task = expect(HTTPStatus.CREATED, created)
    assert created.headers["etag"] == '"1"'
    assert (task.title, task.due.to_dict(), task.labels, task.version) == ("Water the plants", {"date": "2026-12-24"}, ["home"], 1)
    page = expect(HTTPStatus.OK, list_tasks.sync_detailed(client=client, label=["home"], limit=10))
    assert page.items == [task], page
    return task


def changes_it(client, task):
    patch = {"client": client, "id": task.id, "if_match": '"1"'}
    patched = expect(HTTPStatus.OK, update_task.sync_detailed(body=TaskPatch(priority=Priority.HIGH), **patch))
    assert (patched.priority, patched.version, patched.title) == (Priority.HIGH, 2, "Water the plants")
    stale = expect(HTTPStatus.PRECONDITION_FAILED, update_task.sync_detailed(body=TaskPatch(priority=Priority.LOW), **patch))
    assert isinstance(stale, Problem) and stale.code == "VERSION_MISMATCH", stale


def finishes_it(client, task):
    completed = expect(HTTPStatus.OK, complete_task.sync_detailed(client=client, id=task.id))
    assert completed.status == Status.COMPLETED
    expect(HTTPStatus.NO_CONTENT, delete_task.sync_detailed(client=client, id=task.id))
    missing = expect(HTTPStatus.NOT_FOUND, read_task.sync_detailed(client=client, id=task.id))
    assert missing.code == "TASK_NOT_FOUND", missing
    expect(HTTPStatus.OK, restore.sync_detailed(client=client, id=task.id))


if __name__ == "__main__":
    main(sys.argv[1])
