"""How often each name was greeted. In memory: a restart forgets."""

from collections import Counter
from threading import Lock

_counts: Counter[str] = Counter()
_lock = Lock()


def add(name: str) -> int:
    """Count one more for a name, and return how many there are now."""
    with _lock:
        _counts[name] += 1
        return _counts[name]


def read(name: str) -> int:
    """Return how many there are for a name; 0 for a stranger."""
    return _counts[name]
