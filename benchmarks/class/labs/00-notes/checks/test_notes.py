"""The four checks, in our own manner; those in ../../../check50, ../../../otter and ../../../nbgrader.py expect the same."""
# ruff: noqa: S101, PLR2004  (checks assert, and 404 says more than a name for it)

from __future__ import annotations

from checker import Role


def test_a_note_is_kept(notes: Role) -> None:
    """A note is kept, and has a number."""
    reply = notes.post("/notes", json={"text": "milk"})

    assert reply.status_code == 201
    assert reply["text"] == "milk"


def test_a_note_is_read_back(notes: Role) -> None:
    """A note that was kept can be read."""
    number = notes.post("/notes", json={"text": "bread"})["id"]

    assert notes.get(f"/notes/{number}").json == {"id": number, "text": "bread"}


def test_an_unknown_note_is_404(notes: Role) -> None:
    """There is no note that was not kept."""
    reply = notes.get("/notes/2000000000")

    assert reply.status_code == 404


def test_an_empty_note_is_422(notes: Role) -> None:
    """A note says something."""
    reply = notes.post("/notes", json={"text": ""})

    assert reply.status_code == 422
