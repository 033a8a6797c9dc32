"""What differs from run to run looks the same in a lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.lessons.masks import leaks, masked, places


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        ("http://127.0.0.1:41233/orders", "http://127.0.0.1:PORT/orders"),
        ("201   0.16 s", "201   … ms"),
        ("200   19 ms", "200   … ms"),
        ("200   <1 ms", "200   … ms"),
        ("200   &lt;1 ms", "200   … ms"),
        ("12 passed · 30.57 s, seed 4711", "12 passed · … ms, seed …"),
        ('"created_at": "2026-11-23T13:30:37.008731Z"', '"created_at": "TIME"'),
        ("supervisor, process 12, pid 4711", "supervisor, process 12, pid …"),
    ],
)
def test_what_differs_is_masked(seen: str, shown: str) -> None:
    """Ports, times, seeds and process ids."""
    assert masked(seen, {}) == shown


@pytest.mark.parametrize("said", ["order 121", "404 Not Found", "2026-08-16T04:28:00Z", "3 of 12", "5 s", "64900"])
def test_what_is_the_same_stays(said: str) -> None:
    """Ids, amounts and times that come from the seeded shop are the same for everybody."""
    assert masked(said, {}) == said


def test_places_are_called_by_other_names(tmp_path: Path) -> None:
    """A learner's workspace is at home, wherever it was built; also deep inside an output."""
    output = {"data": {"text/plain": [f"in {tmp_path}/bazaar/runs"]}}

    assert masked(output, places(tmp_path / "bazaar")) == {"data": {"text/plain": ["in ~/bazaar/runs"]}}


def test_the_nearest_place_gives_the_name() -> None:
    """A workspace at home is called by its own name, not by its path from there."""
    workspace = Path.home() / "course" / "bazaar"

    assert masked(f"{workspace}/shop", places(workspace)) == "~/bazaar/shop"


def test_a_place_that_is_left_is_found() -> None:
    """What no mask knows is named, so that it is not published."""
    assert leaks("see /tmp/seamwork-crash-x.txt, not ~/bazaar") == ["/tmp/seamwork-crash-x.txt"]  # noqa: S108  (only a text)
