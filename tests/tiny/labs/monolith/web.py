"""A web server and a client in a screenful: routes by pattern, JSON in and out, keep-alive."""

import json
import os
import re
import socketserver
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, Mapping[str, Any]]
Routes = Mapping[tuple[str, str], Callable[..., Answer]]
"""(method, pattern of the path) to a function of the pattern's groups: ("GET", "/counts/([a-z]+)")."""


class Server(ThreadingHTTPServer):
    """Listens without asking anybody for its own name."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind, and no more."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


def serve(routes: Routes) -> None:
    """Answer on 127.0.0.1:$PORT until SIGTERM; /health answers by itself."""
    all_routes = {("GET", "/health"): lambda: (200, {"status": "ok"}), **routes}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answer(all_routes, self.command, urlsplit(self.path).path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = handle_any  # noqa: N815  (http.server's names)

        def log_message(self, text: str, *values: object) -> None:
            print(text % values, flush=True)  # noqa: T201  (logs on standard output)

    Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()


def answer(routes: Routes, method: str, path: str) -> Answer:
    """Find the route and ask it; 404 without one, 503 where a neighbour does not answer."""
    for (verb, pattern), handler in routes.items():
        if verb == method and (match := re.fullmatch(pattern, path)):
            try:
                return handler(*match.groups())
            except OSError as reason:
                return 503, {"title": "A neighbour does not answer", "status": 503, "detail": str(reason)}
    return 404, {"title": "Not found", "status": 404, "detail": path}


def post(url: str, *, patience: float = 10.0) -> dict[str, Any]:
    """POST to a neighbour and return its JSON. Raises OSError when it does not answer within ``patience`` seconds."""
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=patience)
    try:
        connection.request("POST", where.path)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return found
