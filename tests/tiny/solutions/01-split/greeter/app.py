"""Greets people, and tells the counter."""

import os

from web import Answer, post, serve


def greet(name: str) -> Answer:
    """Greet somebody, and have it counted."""
    counted = post(f"{os.environ['COUNTER_URL']}/counts/{name}")
    return 201, {"greeting": f"Hello, {name}!", "count": counted["count"]}


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet})
