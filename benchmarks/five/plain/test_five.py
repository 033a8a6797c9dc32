"""The five checks for plain pytest."""
# ruff: noqa: S101, PLR2004  (pytest asserts, and 404 says more than a name for it)

from __future__ import annotations

import httpx


def test_a_note_is_kept(notes: httpx.Client) -> None:
    """A note is kept, and has a number."""
    reply = notes.post("/notes", json={"text": "milk"})

    assert reply.status_code == 201
    assert reply.json()["text"] == "milk"


def test_a_note_is_read_back(notes: httpx.Client) -> None:
    """A note that was kept can be read."""
    number = notes.post("/notes", json={"text": "bread"}).json()["id"]

    assert notes.get(f"/notes/{number}").json() == {"id": number, "text": "bread"}


def test_the_newest_comes_first(notes: httpx.Client) -> None:
    """The list begins with the note that was kept last."""
    notes.post("/notes", json={"text": "one"})
    notes.post("/notes", json={"text": "two"})

    assert [note["text"] for note in notes.get("/notes").json()[:2]] == ["two", "one"]


def test_an_unknown_note_is_404(notes: httpx.Client) -> None:
    """There is no note that was not kept."""
    reply = notes.get("/notes/2000000000")

    assert reply.status_code == 404


def test_an_empty_note_is_422(notes: httpx.Client) -> None:
    """A note says something."""
    reply = notes.post("/notes", json={"text": ""})

    assert reply.status_code == 422
