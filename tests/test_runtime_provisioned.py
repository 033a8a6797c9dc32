"""Databases that the learner's own SQL makes, on a server of this run alone: empty, old and ready."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import TINY, lab, owning

from checker.course import Course, write_tree
from checker.course.git import Git
from checker.course.history import Step, write_history
from checker.course.tree import read_tree
from checker.errors import UsageError
from checker.outcome import CheckResult
from checker.runtime.ground import Ground
from checker.session import check

OWNERS = """
[labs.02]
provision = "infra/postgres"
moves = { counter = "greeter" }

[labs.02.services.greeter]
database = "greeter"
processes = ["greeter-release", "greeter"]
operations = ["POST /greetings/{name}"]
tables = []
calls = { counter = ["POST /counts/{name}"] }

[labs.02.services.counter]
database = "counter"
processes = ["counter-release", "counter-backfill", "counter"]
operations = ["POST /counts/{name}", "GET /counts/{name}"]
tables = []
"""
SQL = r"""
\getenv greeter_password GREETER_DB_PASSWORD
\getenv counter_password COUNTER_DB_PASSWORD
CREATE ROLE greeter LOGIN PASSWORD :'greeter_password';
CREATE ROLE counter LOGIN PASSWORD :'counter_password';
CREATE DATABASE greeter OWNER greeter;
CREATE DATABASE counter OWNER counter;
"""
NOTE = """
import os, sys, psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
    connection.execute("INSERT INTO notes VALUES (%s)", [sys.argv[1]])
    if "SOURCE_DATABASE_URL" in os.environ:
        with psycopg.connect(os.environ["SOURCE_DATABASE_URL"]) as source:
            for row in source.execute("SELECT text FROM notes").fetchall():
                connection.execute("INSERT INTO notes VALUES (%s)", row)
"""
PROCFILE = """
greeter-release: python note.py greeter-new
greeter: python -m greeter.app
counter-release: python note.py counter-new
counter-backfill: python note.py moved
counter-drift: python -c "import sys; print('odd indeed'); sys.exit(7)"
counter: python -m counter.app
"""
READ = """
import psycopg

def notes(database):
    with psycopg.connect(database.url) as connection:
        found = connection.execute("SELECT to_regclass('notes') IS NOT NULL").fetchone()[0]
        return sorted(row[0] for row in connection.execute("SELECT text FROM notes")) if found else []

"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A ground on the tiny course, in whose lab 02 the learner's SQL makes the databases."""
    with Ground(Course(owning(OWNERS, tmp_path_factory.mktemp("course")))) as ground:
        ground.ready_for(laid(ground.course, tmp_path_factory.mktemp("first")))
        _ = ground.postgres, ground.redis
        yield ground


def laid(course: Course, folder: Path, sql: str = SQL) -> Path:
    """Lay out a workspace with a repository: old in the tag before-02, new in the work tree."""
    end = course.end(course.lab("01"))
    write_tree(end, folder)
    (folder / "note.py").write_text(NOTE)
    (folder / "Procfile").write_text(
        "greeter-release: python note.py greeter-old\ngreeter: python -m greeter.app\ncounter: python -m counter.app\n"
    )
    git = Git(folder)
    git.init()
    write_history(git, [Step("old", read_tree(folder), ("before-02",))], branch="main")
    (folder / "Procfile").write_text(PROCFILE)
    (folder / "infra/postgres").mkdir(parents=True)
    (folder / "infra/postgres/10.sql").write_text(sql)
    return folder


def judged(ground: Ground, tree: Path, tmp_path: Path, checks: str) -> dict[str, CheckResult]:
    """Run checks written here in lab 02."""
    results = check(ground, lab(tmp_path / "lab", READ + checks, name="02-more"), tree)
    ground.tidied()
    return {result.name.removeprefix("test_"): result for result in results.checks}


def test_each_state_is_what_it_says(ground: Ground, tmp_path: Path) -> None:
    """Empty is as the SQL left it, old as the version before did, ready as today's release and the move did."""
    found = judged(
        ground,
        laid(ground.course, tmp_path / "tree"),
        tmp_path,
        """
def test_states(databases, system):
    assert notes(databases.empty("counter")) == []
    assert notes(databases.old("greeter")) == ["greeter-old"]
    assert notes(databases.database("greeter")) == ["greeter-new", "greeter-old"]
    assert notes(databases.database("counter")) == ["counter-new", "greeter-new", "greeter-old", "moved"]

def test_given(databases):
    assert databases.given("counter").url.endswith("/counter")
    assert databases.given("counter").url_of("greeter").startswith("postgresql://counter:")

def test_copies_are_apart(databases):
    one, other = databases.empty("counter"), databases.empty("counter")
    with psycopg.connect(one.url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    assert notes(other) == []
    assert one.name != other.name
""",
    )

    assert {name: result.outcome.value for name, result in found.items()} == dict.fromkeys(
        ("states", "given", "copies_are_apart"), "passed"
    ), [result.detail for result in found.values()]


def test_processes_run_to_their_end(ground: Ground, tmp_path: Path) -> None:
    """An exit code is a value; what the process said is shown with the failure."""
    found = judged(
        ground,
        laid(ground.course, tmp_path / "tree"),
        tmp_path,
        """
def test_odd(databases, run):
    assert run("counter-drift", databases.empty("counter").url) == 0
""",
    )

    assert "assert 7 == 0" in found["odd"].assertion
    assert found["odd"].logs == {"counter-drift": ["odd indeed"]}


def test_old_and_new_version_run_on_one_database(ground: Ground, tmp_path: Path) -> None:
    """The role counter@before is the tag's version, on the same database, with edges of its own."""
    found = judged(
        ground,
        laid(ground.course, tmp_path / "tree"),
        tmp_path,
        """
@pytest.mark.system(only=["counter", "counter@before"], standins=["greeter"])
def test_both(system):
    one, other = (system[name].database_url.rpartition("/")[2] for name in ("counter", "counter@before"))
    assert one == other
    assert [system[name].post("/counts/Ada")["count"] for name in ("counter", "counter@before")] == [1, 1]

def test_earlier_system(stage):
    assert stage.earlier().post("/greetings/Ada").status_code == 201
""",
    )

    assert {result.outcome.value for result in found.values()} == {"passed"}, [r.detail for r in found.values()]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (SQL.replace("CREATE DATABASE counter", "-- "), "infra/postgres has made no database 'counter'."),
        (SQL.replace("CREATE ROLE counter LOGIN", "CREATE ROLE counter"), "no login role 'counter'"),
        ("CREATE TABEL t();", "infra/postgres/10.sql:1: ERROR"),
    ],
)
def test_sql_that_is_not_right_fails_once(ground: Ground, tmp_path: Path, sql: str, said: str) -> None:
    """The first check says what is wrong with the SQL, those after it are blocked."""
    found = judged(
        ground,
        laid(ground.course, tmp_path / "tree", sql),
        tmp_path,
        "def test_one(databases):\n    databases.empty('counter')\n\ndef test_two(system):\n    system\n\ndef test_three(databases):\n    databases.given('counter')\n",
    )

    assert [result.outcome.value for result in found.values()] == ["failed", "blocked", "blocked"]
    message = found["one"].message
    assert message is not None
    assert said in message.id.format(**message.values)


def test_folder_without_sql_is_said(ground: Ground, tmp_path: Path) -> None:
    """No SQL, no databases: the sentence names the folder and what to write."""
    tree = laid(ground.course, tmp_path / "tree")
    (tree / "infra/postgres/10.sql").unlink()

    found = judged(ground, tree, tmp_path, "def test_one(databases):\n    databases.empty('counter')\n")

    message = found["one"].message
    assert message is not None
    assert message.id.format(**message.values) == "There is no SQL in infra/postgres, so there are no databases."


def test_who_has_only_the_sql_has_what_needs_no_more(ground: Ground, tmp_path: Path) -> None:
    """Where the move is not written yet, the databases are there all the same; what needs it moved says what lacks."""
    tree = laid(ground.course, tmp_path / "tree")
    (tree / "Procfile").write_text(PROCFILE.replace("counter-backfill", "# counter-backfill"))

    found = judged(
        ground,
        tree,
        tmp_path,
        "def test_sql(databases):\n    assert notes(databases.empty('counter')) == []\n\ndef test_moved(databases):\n    databases.database('counter')\n",
    )

    assert [result.outcome.value for result in found.values()] == ["passed", "failed"]
    assert "counter-backfill" in str(found["moved"].message)


def test_missing_tag_blocks(ground: Ground, tmp_path: Path) -> None:
    """Without the tag there is no version from before, which is said with the command that sets it."""
    tree = laid(ground.course, tmp_path / "tree")
    Git(tree).run("tag", "-d", "before-02")

    found = judged(ground, tree, tmp_path, "def test_one(databases):\n    databases.database('counter')\n")

    assert found["one"].outcome.value == "blocked"
    assert "before-02" in str(found["one"].message)


def test_lent_server_is_refused() -> None:
    """On a server that somebody lends us, nobody's SQL is run as its administrator."""
    with (
        Ground(Course(TINY), backing="postgresql://me:secret@127.0.0.1:1/db") as ground,
        pytest.raises(UsageError) as raised,
    ):
        ground.hold_own()

    assert "secret" not in str(raised.value)


# From one run to the next, while there will be more


SEEN = """
def test_seen(databases):
    assert notes(databases.database("counter")) == {expected!r}
"""
MOVED = ["counter-new", "greeter-new", "greeter-old", "moved"]


@pytest.fixture
def warm(ground: Ground) -> Iterator[Ground]:
    """Another ground on the same course, for many runs."""
    with Ground(ground.course, warm=True) as warm:
        yield warm


def kept(ground: Ground, tree: Path, folder: Path, expected: list[str] = MOVED) -> object:
    """Run a check that everything is there; what is kept of the databases for the next run."""
    found = judged(ground, tree, Path(tempfile.mkdtemp(dir=folder)), SEEN.format(expected=expected))
    assert found["seen"].outcome.value == "passed", found["seen"].message
    return ground.provisioned


def test_next_run_has_the_same_databases(warm: Ground, tmp_path: Path) -> None:
    """After a save that no release and no move reads, nothing is made anew, and what a run copied is gone."""
    tree = laid(warm.course, tmp_path / "tree")
    first = kept(warm, tree, tmp_path)
    (tree / "counter" / "app.py").write_text((tree / "counter" / "app.py").read_text() + "\n")
    second = kept(warm, tree, tmp_path)

    assert first is not None
    assert second is first
    assert databases_of(warm) == {"greeter", "counter"} | {
        f"{name}_{state}" for name in ("greeter", "counter") for state in ("empty", "ready")
    } | {"greeter_old"}


def databases_of(ground: Ground) -> set[str]:
    """Name the databases on the server that is kept."""
    assert ground.provisioned is not None
    with ground.provisioned.given("greeter").admin() as admin:
        names = {row[0] for row in admin.execute("SELECT datname FROM pg_database").fetchall()}
    return names - {"postgres", "template0", "template1"}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("note.py", "sys.argv[1]", "sys.argv[1] + '!'", ["counter-new!", "greeter-new!", "greeter-old", "moved!"]),
        ("Procfile", "counter-new", "counter-newer", ["counter-newer", "greeter-new", "greeter-old", "moved"]),
        ("infra/postgres/10.sql", "CREATE DATABASE counter", "\nCREATE DATABASE counter", MOVED),
    ],
)
def test_what_made_them_has_changed(
    warm: Ground, tmp_path: Path, name: str, old: str, new: str, expected: list[str]
) -> None:
    """A save of the SQL, of what a release runs, or of how it is called makes them anew."""
    tree = laid(warm.course, tmp_path / "tree")
    first = kept(warm, tree, tmp_path)
    (tree / name).write_text((tree / name).read_text().replace(old, new))

    assert kept(warm, tree, tmp_path, expected) is not first


def test_version_before_has_changed(warm: Ground, tmp_path: Path) -> None:
    """With another version before, what it left is made anew."""
    tree = laid(warm.course, tmp_path / "tree")
    first = kept(warm, tree, tmp_path)
    now = (tree / "Procfile").read_text()
    (tree / "Procfile").write_text("greeter-release: python note.py greeter-older\ngreeter: python -m greeter.app\n")
    write_history(Git(tree), [Step("older", read_tree(tree), ())], branch="other")
    Git(tree).run("tag", "-f", "before-02", "other")
    (tree / "Procfile").write_text(now)

    assert kept(warm, tree, tmp_path, ["counter-new", "greeter-new", "greeter-older", "moved"]) is not first


def test_roles_that_changed_are_not_kept(warm: Ground, tmp_path: Path) -> None:
    """What a service has changed of its login does not reach the next run."""
    tree = laid(warm.course, tmp_path / "tree")
    found = judged(
        warm,
        tree,
        tmp_path,
        """
def test_change(databases):
    with psycopg.connect(databases.database("counter").url) as connection:
        connection.execute("ALTER ROLE counter SET work_mem = '1MB'")
""",
    )

    assert found["change"].outcome.value == "passed"
    assert warm.provisioned is None
