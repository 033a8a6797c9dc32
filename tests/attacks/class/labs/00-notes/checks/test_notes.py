"""Four checks, on data that nobody knows before: the first two are what half a solution passes."""

from __future__ import annotations

import random

from checker import Role


def some(rng: random.Random) -> str:
    """Return a text that was never seen."""
    return " ".join(f"{rng.getrandbits(40):x}" for _ in range(rng.randrange(2, 40)))


def test_a_note_is_kept(notes: Role, rng: random.Random) -> None:
    """A note is kept, and has a number."""
    text = some(rng)

    reply = notes.post("/notes", json={"text": text})

    assert reply.status_code == 201
    assert reply["text"] == text


def test_an_unknown_note_is_404(notes: Role, rng: random.Random) -> None:
    """There is no note that was not kept."""
    reply = notes.get(f"/notes/{rng.randrange(10**9, 10**10)}")

    assert reply.status_code == 404


def test_a_note_is_read_back(notes: Role, rng: random.Random) -> None:
    """A note that was kept can be read."""
    text = some(rng)
    number = notes.post("/notes", json={"text": text})["id"]

    reply = notes.get(f"/notes/{number}")

    assert reply.status_code == 200
    assert reply["text"] == text


def test_words_are_counted(words: Role, rng: random.Random) -> None:
    """The other service counts words."""
    text = some(rng)

    reply = words.post("/words", json={"text": text})

    assert reply["count"] == len(text.split())
