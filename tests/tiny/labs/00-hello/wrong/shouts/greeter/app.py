"""Shouts at people, and counts how often: two things in one service."""

from greeter import counts
from web import Answer, serve


def greet(name: str) -> Answer:
    """Greet somebody, and count it."""
    return 201, {"greeting": "HELLO!", "count": counts.add(name)}


def count(name: str) -> Answer:
    """Tell how often somebody was greeted."""
    return 200, {"name": name, "count": counts.read(name)}


if __name__ == "__main__":
    serve({("POST", "/greetings/(.+)"): greet, ("GET", "/counts/(.+)"): count})
