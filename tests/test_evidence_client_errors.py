"""The client after a reply that says the server is in trouble."""

from __future__ import annotations

import socket
import threading

from checker.evidence import Client
from checker.ledger import Ledger

REPLY = b"HTTP/1.1 %d X\r\ncontent-length: 2\r\n\r\nok"


def test_connection_is_not_used_again_after_a_5xx() -> None:
    """A server may close behind an error without saying so: the next request goes over a new connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[int] = []

        def serve() -> None:
            for status in (500, 200):
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    taken.append(status)
                    connection.sendall(REPLY % status)

        thread = threading.Thread(target=serve)
        thread.start()
        with Client(Ledger(), f"http://127.0.0.1:{server.getsockname()[1]}") as client:
            codes = [client.get("/").status_code for _ in range(2)]
        thread.join()

    assert (codes, taken) == ([500, 200], [500, 200])
