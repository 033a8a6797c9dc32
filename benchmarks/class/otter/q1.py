"""The four checks as an otter test file: otter has executed what was handed in, and hands us its ``app``."""
# ruff: noqa: S101, PLR2004  (otter asserts, and 404 says more than a name for it)

import threading
import time

import requests
import uvicorn
from fastapi import FastAPI
from otter.test_files import test_case

OK_FORMAT = False
name = "notes"
points = 4
PATIENCE = 10


def serve(app: FastAPI) -> str:
    """Serve it from a thread; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.005)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@test_case(points=1)
def test_kept(app: FastAPI) -> None:
    """A note is kept, and has a number."""
    reply = requests.post(f"{serve(app)}/notes", json={"text": "milk"}, timeout=PATIENCE)
    assert (reply.status_code, reply.json()["text"]) == (201, "milk")


@test_case(points=1)
def test_read_back(app: FastAPI) -> None:
    """A note that was kept can be read."""
    at = serve(app)
    number = requests.post(f"{at}/notes", json={"text": "bread"}, timeout=PATIENCE).json()["id"]
    assert requests.get(f"{at}/notes/{number}", timeout=PATIENCE).json() == {"id": number, "text": "bread"}


@test_case(points=1)
def test_unknown(app: FastAPI) -> None:
    """There is no note that was not kept."""
    assert requests.get(f"{serve(app)}/notes/2000000000", timeout=PATIENCE).status_code == 404


@test_case(points=1)
def test_empty(app: FastAPI) -> None:
    """A note says something."""
    assert requests.post(f"{serve(app)}/notes", json={"text": ""}, timeout=PATIENCE).status_code == 422
