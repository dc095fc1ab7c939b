"""A collector that keeps what it is sent."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """Takes traces over OTLP/HTTP, and knows which it has."""

    def __init__(self):
        bodies = self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            """Says yes to all."""

            def do_POST(self):  # noqa: N802, the name is the protocol's
                """Takes a batch."""
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def has(self, trace_id):
        """Whether a trace has come: its id stands in a batch as 16 bytes."""
        return any(bytes.fromhex(trace_id) in body for body in self.bodies)

    def stop(self):
        """Ends it."""
        self.server.shutdown()
