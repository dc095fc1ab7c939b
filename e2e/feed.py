"""A reader of the change feed that stays, by server-sent events."""
import http.client
import json
import threading
import time


class Feed(threading.Thread):
    """Follows one user's changes, taking up the stream where it ended, and notes what it saw."""

    def __init__(self, user):
        super().__init__(daemon=True)
        self.user, self.sequences, self.resumed, self.faults = user.twin(), [], 0, []
        self.position, self.ended = None, threading.Event()
        self.begun = threading.Event()

    def run(self):
        while not self.ended.is_set():
            try:
                self.read()
                self.resumed += 1
            except (OSError, http.client.HTTPException) as error:
                # A stream that is cut is taken up; only one that cannot be opened is a failure.
                if not self.begun.is_set() or "refused" in str(error):
                    self.faults.append(f"stream: {error!r}")
                self.resumed += 1
            time.sleep(0.05)

    def read(self):
        """One stream, to its end."""
        connection = self.user.ingress.connect(timeout=60)
        more = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.position} if self.position else {})
        connection.request("GET", "/v1/changes/stream", headers=self.user.head(more))
        response = connection.getresponse()
        if response.status != 200:
            self.faults.append(f"stream: {response.status} {response.read()[:200]!r}")
            self.ended.wait(1)
            return
        self.begun.set()
        position, data = None, None
        while not self.ended.is_set() and (line := response.readline()):
            line = line.decode().rstrip("\n")
            if line.startswith("id:"):
                position = line[3:].strip()
            elif line.startswith("data:"):
                data = json.loads(line[5:])
            elif not line:
                if data is not None and position:
                    self.position = position
                    # A bookmark has a position alone.
                    self.sequences += [data["sequence"]] if data else []
                position, data = None, None
        connection.close()

    def finish(self, last, timeout=20):
        """Waits for the last change, and returns what was wrong."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and (not self.sequences or self.sequences[-1] < last):
            time.sleep(0.1)
        self.ended.set()
        seen = self.sequences
        expected = list(range(seen[0], last + 1)) if seen else []
        if seen != expected:
            lost, doubled = len(set(expected) - set(seen)), len(seen) - len(set(seen))
            self.faults.append(f"feed: {lost} lost, {doubled} doubled of {len(expected)}, last {seen[-1:]} of {last}")
        return self.faults
