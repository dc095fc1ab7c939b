"""A client of the REST API, by way of the Ingress. It never sends a request again."""
import http.client
import json
import os
import secrets
import socket

import cluster

PASSWORD = "correct horse battery staple"


class Ingress:
    """Where the API is: the host of the Ingress, and the address that serves it."""

    def __init__(self):
        found = cluster.get("ingress", f"{cluster.RELEASE}-gateway")
        self.host = found["spec"]["rules"][0]["host"]
        listed = found["status"].get("loadBalancer", {}).get("ingress", [])
        address = os.environ.get("INGRESS_ADDRESS") or next((entry.get("ip") or entry.get("hostname") for entry in listed), None)
        cluster.check(address, "the Ingress has no address: name it, as in INGRESS_ADDRESS=192.0.2.1")
        self.address = address

    def connect(self, timeout=30):
        """A connection of its own."""
        connection = http.client.HTTPConnection(self.address, 80, timeout=timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


class Reply:
    """A status, headers, and a body that was read to its end."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        """The body, as JSON."""
        return json.loads(self.body)

    def expect(self, status):
        """The parsed body, if that is the status."""
        cluster.check(self.status == status, f"{self.status} in place of {status}: {self.body[:300]!r}")
        return json.loads(self.body or b"null")


class User:
    """Someone who is signed in, on a connection of their own."""

    def __init__(self, ingress, email=None):
        self.ingress, self.connection, self.token = ingress, None, None
        self.email = email or f"{secrets.token_hex(8)}@example.org"
        if email is None:
            self.ask("POST", "/v1/auth/register", {"email": self.email, "password": PASSWORD}).expect(201)
        tokens = self.ask("POST", "/v1/auth/login", {"email": self.email, "password": PASSWORD}).expect(200)
        self.token = tokens["access_token"]

    def head(self, more=()):
        """Headers of a request."""
        head = {"Host": self.ingress.host, **dict(more)}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        return head

    def ask(self, method, path, body=None):
        """Sends one request. A connection that broke is not used again."""
        if self.connection is None:
            self.connection = self.ingress.connect()
        media = {"PATCH": "application/merge-patch+json"}.get(method, "application/json")
        sent = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, path, sent, self.head({"Content-Type": media} if sent else ()))
            return Reply(self.connection.getresponse())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise

    def twin(self):
        """The same user with another connection."""
        other = object.__new__(User)
        other.ingress, other.connection, other.token, other.email = self.ingress, None, self.token, self.email
        return other
