"""A web server in a screenful: JSON in and out, /health answers by itself."""

import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """Listens without asking anybody for its own name."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind, and no more."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class Service(BaseHTTPRequestHandler):
    """Answers by ``post`` and ``get``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802  (http.server's name)
        """Answer a GET."""
        if self.path == "/health":
            self.say(200, {"status": "ok"})
        else:
            self.get(self.path)

    def do_POST(self) -> None:  # noqa: N802
        """Answer a POST."""
        self.post(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def get(self, path: str) -> None:
        """Answer; there is nothing."""
        self.say(404, {"title": f"There is no {path}."})

    def post(self, value: Any) -> None:
        """Answer."""
        raise NotImplementedError

    def say(self, status: int, value: Any) -> None:
        """Send a reply."""
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, form: str, *values: object) -> None:
        """Write a line for each request."""
        print(form % values, flush=True)  # noqa: T201

    @classmethod
    def serve(cls) -> None:
        """Answer on 127.0.0.1:$PORT until SIGTERM."""
        Server(("127.0.0.1", int(os.environ["PORT"])), cls).serve_forever()
