"""Greets people, and counts by itself, whatever the counter does."""

from greeter import counts
from web import Answer, serve


def greet(name: str) -> Answer:
    """Greet somebody, and count it here."""
    return 201, {"greeting": f"Hello, {name}!", "count": counts.add(name)}


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet})
