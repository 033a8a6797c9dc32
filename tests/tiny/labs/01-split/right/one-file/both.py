"""Both services in one file: which one it is, the command line says."""

import os
import sys
from collections import Counter

from web import Answer, post, serve

counts: Counter[str] = Counter()


def greet(name: str) -> Answer:
    """Greet somebody, and have it counted."""
    return 201, {"greeting": f"Hello, {name}!", **post(f"{os.environ['COUNTER_URL']}/counts/{name}")}


def add(name: str) -> Answer:
    """Count one more."""
    counts[name] += 1
    return read(name)


def read(name: str) -> Answer:
    """Tell how many."""
    return 200, {"name": name, "count": counts[name]}


ROUTES = {
    "greeter": {("POST", "/greetings/(.+)"): greet},
    "counter": {("POST", "/counts/(.+)"): add, ("GET", "/counts/(.+)"): read},
}

if __name__ == "__main__":
    serve(ROUTES[sys.argv[1]])
