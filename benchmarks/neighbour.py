"""Whoever is asked for in a recording and is not there: repeats what a stand-in answered then."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Neighbour"]

Answers = Mapping[str, Sequence[tuple[int | None, str]]]
"""By request ("GET /users/7") its answers in turn, status and body; without a status the connection is closed."""


class Neighbour:
    """Listens on ``port`` of 127.0.0.1 until it is closed."""

    def __init__(self, answers: Answers) -> None:
        waiting = {asked: deque(each) for asked, each in answers.items()}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                left = waiting.get(f"{self.command} {self.path}") or deque([(404, "{}")])
                status, body = left.popleft() if len(left) > 1 else left[0]
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST = do_PATCH = handle_any  # noqa: N815  (http.server's names)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
