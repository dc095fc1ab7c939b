"""Who asks in the cases that schemathesis makes, and about what: so that a case gets past the 401, the 404 and the 429."""
import itertools
import json
import os
import re
import threading
import time
import uuid
import zoneinfo

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

SERVER = os.environ["API_URL"]
PASSWORD = "correct horse battery staple"
# After these a token is good for nothing: each of their cases has a user of its own.
LAST_WORDS = ["logout", "change_password", "delete_account"]
# Whether a value is one of these no document can tell: what the server itself gave out, what was sent before, what many chose.
KNOWN_TO_THE_SERVER = {
    "CURSOR_MISMATCH", "INVALID_CURSOR", "IDEMPOTENCY_KEY_REUSED", "NOT_FOUND", "TOO_COMMON", "TOO_PREDICTABLE",
}
# What is drawn as nothing and is beyond what a pattern can name in every dialect (services/gateway/src/openapi/pattern.rs).
UNWRITABLE = re.compile("[\U00013430-\U00013440\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")
OBJECTS = re.compile(r"^/v1/(tasks|projects|trash|sessions)/\{id\}")

ADDRESSES = itertools.count()


def of_version(some, version):
    """The UUID with another version."""
    text = str(some)
    return f"{text[:14]}{version}{text[15:]}"


# Formats as the API means them: schemathesis makes no UUID of version 7, and knows no time zone.
schemathesis.openapi.format("uuid", st.builds(of_version, st.uuids(version=4), st.sampled_from("47")))
schemathesis.openapi.format("time-zone", st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})))


def from_elsewhere():
    """A header that puts the request at an address of its own: failed logins are counted by address."""
    number = next(ADDRESSES)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


class Somebody:
    """A user, signed in."""

    def __init__(self):
        self.credentials = {"email": f"fuzz-{uuid.uuid4()}@example.com", "password": PASSWORD}
        self.ask("POST", "/v1/auth/register", json=self.credentials)
        self.objects = {}
        self.signs_in()

    def ask(self, method, path, token=None, **arguments):
        headers = from_elsewhere() | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = requests.request(method, SERVER + path, headers=headers, timeout=30, **arguments)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def signs_in(self):
        self.token = self.ask("POST", "/v1/auth/login", json=self.credentials)["access_token"]
        self.signed_in_at = time.monotonic()
        return self.token

    def lasting_token(self):
        """One that is good for some minutes yet."""
        return self.token if time.monotonic() - self.signed_in_at < 300 else self.signs_in()

    def object(self, kind, used_up):
        """The id of one that is there. What a case may remove is made for it."""
        if used_up or kind not in self.objects:
            self.objects[kind] = self.new(kind)
        return self.objects[kind]

    def new(self, kind):
        if kind == "sessions":
            token = self.ask("POST", "/v1/auth/login", json=self.credentials)["access_token"]
            listed = self.ask("GET", "/v1/sessions?limit=1", token)["items"]
            return next(item["id"] for item in listed if item["current"])
        if kind == "projects":
            return self.own("POST", "/v1/projects", json={"name": "fuzzed"})["id"]
        task = self.own("POST", "/v1/tasks", json={"title": "fuzzed"})["id"]
        if kind == "trash":
            self.own("DELETE", f"/v1/tasks/{task}")
        return task

    def own(self, method, path, **arguments):
        """Asks with a token that is good: the sessions of other cases end the one that was used least."""
        try:
            return self.ask(method, path, self.lasting_token(), **arguments)
        except requests.HTTPError as error:
            if error.response.status_code != 401:
                raise
            return self.ask(method, path, self.signs_in(), **arguments)


SOMEBODY = Somebody()
ONE_AT_A_TIME = threading.Lock()


class Bearer:
    """Puts the token of whoever asks into a case."""

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(refresh_interval=None).skip_for(operation_id=LAST_WORDS)
class Lasting(Bearer):
    def get(self, case, context):
        with ONE_AT_A_TIME:
            return SOMEBODY.lasting_token()


@schemathesis.auth(refresh_interval=None).apply_to(operation_id=LAST_WORDS)
class Passing(Bearer):
    def get(self, case, context):
        return Somebody().token


@schemathesis.hook
def filter_body(context, body):
    """Leaves out texts that may show nothing where the document cannot tell."""
    return not UNWRITABLE.search(json.dumps(body, ensure_ascii=False, default=str))


@schemathesis.hook
def before_call(context, case, kwargs):
    """An id that could be one becomes one that is; a password that could be the current one, too."""
    case.headers.update(from_elsewhere())
    kind = OBJECTS.match(case.operation.path)
    if kind and is_id((case.path_parameters or {}).get("id")):
        used_up = case.method.upper() == "DELETE" or kind.group(1) == "trash"
        with ONE_AT_A_TIME:
            case.path_parameters["id"] = SOMEBODY.object(kind.group(1), used_up)
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.path == "/v1/me/password" and isinstance(body.get("current_password"), str):
        body["current_password"] = PASSWORD
    if case.operation.path == "/v1/me" and isinstance(body.get("password"), str):
        body["password"] = PASSWORD


def is_id(value):
    try:
        return str(uuid.UUID(value)) == value.lower()
    except (AttributeError, TypeError, ValueError):
        return False


@schemathesis.check
def what_the_document_allows_is_accepted(ctx, response, case):
    """The check of schemathesis, without what is known to the server alone."""
    if response.status_code in (400, 422):
        problem = response.json()
        codes = {fault["code"] for fault in problem.get("errors", [])} or {problem["code"]}
        if codes <= KNOWN_TO_THE_SERVER or asks_for_ranks_across_projects(case):
            return None
    return positive_data_acceptance(ctx, response, case)


def asks_for_ranks_across_projects(case):
    """OpenAPI cannot say that a parameter needs another one."""
    query = case.query or {}
    return "rank" in str(query.get("order_by")) and "project_id" not in query
