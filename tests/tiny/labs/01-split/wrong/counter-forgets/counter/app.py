"""Counts how often each name was greeted."""

from counter import counts
from web import Answer, serve


def add(name: str) -> Answer:
    """Count one more."""
    return 201, {"name": name, "count": counts.add(name)}


def read(name: str) -> Answer:
    """Tell how many."""
    return 200, {"name": name, "count": 0}


if __name__ == "__main__":
    serve({("POST", "/counts/(.+)"): add, ("GET", "/counts/(.+)"): read})
