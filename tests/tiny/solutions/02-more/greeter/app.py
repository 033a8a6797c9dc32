"""Greets people, and tells the counter, if it listens."""

import os

from greeter.patience import PATIENCE_S
from web import Answer, post, serve


def greet(name: str) -> Answer:
    """Greet somebody; the count is null when the counter is silent."""
    return 201, {"greeting": f"Hello, {name}!", "count": counted(name)}


def counted(name: str) -> int | None:
    """Have it counted; None when nobody answers in time."""
    try:
        count: int = post(f"{os.environ['COUNTER_URL']}/counts/{name}", patience=PATIENCE_S)["count"]
    except OSError:
        return None
    return count


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet})
