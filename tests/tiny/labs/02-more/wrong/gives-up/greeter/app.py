"""Greets people, asks, and throws the answer away."""

import os
from contextlib import suppress

from greeter.patience import PATIENCE_S
from web import Answer, post, serve


def greet(name: str) -> Answer:
    """Greet somebody; the count is null whatever the counter says."""
    with suppress(OSError):
        post(f"{os.environ['COUNTER_URL']}/counts/{name}", patience=PATIENCE_S)
    return 201, {"greeting": f"Hello, {name}!", "count": None}


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet})
