"""What one run's release processes prepared serves the next run, as long as they would do the same again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import TINY, judged, solved

from checker.course import Course
from checker.runtime.ground import Ground

RELEASE = """
import os, psycopg

with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE released (at timestamptz)")
    connection.execute("INSERT INTO released VALUES (clock_timestamp())")
"""
CHECKS = """
    import psycopg

    SEEN = {place!r}

    def test_seen(greeter):
        with psycopg.connect(greeter.database_url) as connection:
            rows = connection.execute("SELECT at::text FROM released").fetchall()
        with open(SEEN, "a") as seen:
            seen.write(f"{{rows}}\\n")
        assert len(rows) == 1
"""


@pytest.fixture
def ground() -> Iterator[Ground]:
    """A ground for many runs."""
    with Ground(Course(TINY), warm=True) as ground:
        yield ground


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The end of the tiny course's lab 01, with a release process."""
    tree = solved(tmp_path)
    (tree / "release.py").write_text(RELEASE)
    (tree / "Procfile").write_text("greeter-release: python release.py\n" + (tree / "Procfile").read_text())
    return tree


def released(ground: Ground, tree: Path) -> str:
    """Run a check; when the release process that prepared its database had run."""
    place = tree.parent / "seen"
    found = judged(ground, tree, CHECKS.format(place=str(place)))
    assert found["seen"].outcome.value == "passed", found["seen"].message
    return place.read_text().splitlines()[-1]


def test_save_elsewhere_releases_nothing(ground: Ground, tree: Path) -> None:
    """After a save that the release process does not read, it is not run again."""
    first = released(ground, tree)
    (tree / "greeter" / "app.py").write_text((tree / "greeter" / "app.py").read_text() + "\n")

    assert released(ground, tree) == first


def test_save_of_the_release_releases(ground: Ground, tree: Path) -> None:
    """After a save of what the release process runs, it is run again, and what it had left is gone."""
    first = released(ground, tree)
    (tree / "release.py").write_text(RELEASE + "\n")
    second = released(ground, tree)

    assert second != first
    with ground.postgres.admin() as admin:
        kept = admin.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'greeter%template%'").fetchone()
    assert kept == (1,)


def test_single_run_keeps_nothing(ground: Ground, tree: Path) -> None:
    """Where there will be no more runs, the next one begins from nothing all the same."""
    ground.warm = False
    first = released(ground, tree)

    assert released(ground, tree) != first
