"""What Alertmanager tells whom: a chat that takes all and remembers it, and the pages of runbooks beside it."""
import json
import socket
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Listens where pods reach this machine, and serves the files of a folder."""

    def __init__(self, address, folder):
        heard = self.heard = []

        class Handler(SimpleHTTPRequestHandler):
            """Takes what is told, and shows what there is to read."""

            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(folder))

            def do_POST(self):  # noqa: N802, the name is the protocol's
                """Takes a notification."""
                heard.append((self.path.strip("/"), json.loads(self.rfile.read(int(self.headers["content-length"])))))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing to say."""

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.address = f"http://{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, name, status):
        """Who was told that an alert has this status, and what."""
        return [(who, alert) for who, said in list(self.heard) for alert in said["alerts"]
                if alert["labels"]["alertname"] == name and alert["status"] == status]

    def stop(self):
        """Ends it."""
        self.server.shutdown()


def address_towards(node):
    """The address of this machine as a node sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((node, 9))
        return probe.getsockname()[0]
