"""Greets people, and tells the counter from a thread that nobody waits for longer than need be."""

import os
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError

from greeter.patience import PATIENCE_S
from web import Answer, post, serve

helpers = ThreadPoolExecutor()


def greet(name: str) -> Answer:
    """Greet somebody; the count is null when the counter is silent."""
    asked = helpers.submit(post, f"{os.environ['COUNTER_URL']}/counts/{name}", patience=PATIENCE_S)
    try:
        count = asked.result(timeout=PATIENCE_S)["count"]
    except (OSError, TooLateError):
        count = None
    return 201, {"greeting": f"Hello, {name}!", "count": count}


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet})
