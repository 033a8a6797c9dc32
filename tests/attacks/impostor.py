"""A tester with a service that listens on another's port before it can: python impostor.py KIND. Prints what is said."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from checker.errors import ServiceFailed
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher
from checker.runtime.procfile import Entry
from checker.runtime.service import Service

SERVER = """
import http.server, os, sys, time

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

if sys.argv[1] == "sleeps":
    time.sleep(60)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Health).serve_forever()
"""


def main(kind: str) -> dict[str, str]:
    """Start orders, which sleeps, and shop, which answers in its place; then one that is honest."""
    tree = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    (tree / "server.py").write_text(SERVER, "utf-8")
    with slots.take() as slot, Sandbox(kind=kind, slot=slot) as sandbox:
        env = sandbox.services.environment(environment_of(Path(sys.executable)))
        with Launcher(preload=["http.server"], ledger=Ledger(), environment=env, cells=sandbox.services) as launcher:
            orders = Service.start(
                launcher, "orders", Entry("orders", "python server.py sleeps $PORT"), env=env, cwd=tree
            )
            squats = Entry("shop", f"python server.py serves {orders.port}")
            Service.start(launcher, "shop", squats, env=env, cwd=tree)
            users = Service.start(launcher, "users", Entry("users", "python server.py serves $PORT"), env=env, cwd=tree)
            return {"orders": said(orders), "users": said(users)}


def said(service: Service) -> str:
    """Return why it did not get ready."""
    try:
        service.await_ready(10)
    except ServiceFailed as failed:
        return str(failed)
    return "ready"


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
