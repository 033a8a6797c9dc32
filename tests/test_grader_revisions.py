"""Where a store lies, who may look into it, and that an older one is brought up to date whole or not at all."""

from __future__ import annotations

import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from class_world import LAB, MONDAY, a_handin, a_key, a_lab, judged
from sqlalchemy import Connection, insert, inspect, text

from checker.backing import open_postgres
from checker.errors import UsageError
from checker.grader.marks import basis, mark
from checker.grader.model import Student
from checker.grader.policy import Policy
from checker.grader.store import Marking, Store
from checker.grader.store.address import Address, engine_for
from checker.grader.store.revisions import HEAD, MIGRATIONS, config
from checker.grader.store.tables import Base

OLDER = ["seamwork_0001"]
MARKS = a_lab({"test_a": 2})
Places = Callable[[], str]


@pytest.fixture(scope="module")
def databases() -> Iterator[Callable[[], str]]:
    with open_postgres("embedded") as postgres:
        numbers = iter(range(100))
        yield lambda: postgres.database(f"grades{next(numbers)}").url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, databases: Callable[[], str]) -> str:
    """Where there is nothing yet."""
    return str(tmp_path / "grades.db") if request.param == "sqlite" else databases()


def on(place: str, do: Callable[[Connection], Any]) -> Any:
    """Do something to a database in one transaction."""
    engine = engine_for(Address.of(place))
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            return do(connection)
    finally:
        engine.dispose()


def upgraded(revision: str) -> Callable[[Connection], None]:
    """Bring a database to a revision, as the seamwork of then did."""

    def up(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("CREATE SCHEMA seamwork"))
        command.upgrade(config(connection), revision)

    return up


def a_mark(connection: Connection) -> None:
    """One student's mark, and all that it stands on, as each revision from the first one could hold it."""
    key, rows = a_key(a_handin()), Base.metadata.tables
    mine = {"run": 1, "student": "ada", "lab": LAB}
    for table, row in (
        ("runs", {"lab": LAB, "options": {}, "host": "h", "pid": 1, "state": "finished", "started_at": MONDAY}),
        ("students", {"key": "ada", "name": "Ada", "email": "", "ids": {}, "section": ""}),
        ("seeds", {"student": "ada", "lab": LAB, "seed": 7}),
        ("handins", {**mine, "digest": key.handin, "source": "ada.zip", "submitted_at": MONDAY}),
        ("judgements", {"run": 1, **vars(key), "status": "graded", "sandbox": "forked", "attempts": 1, "seconds": 0.5,
                        "results": {"checks": []}, "private": {}}),
        ("marks", {**mine, "handin": 1, "judgement": 1, "status": "graded", "earned": 2.0, "most": 2.0, "points": 2.0,
                   "penalty": 0.0, "late": 0.0, "checks": [], "policy": "{}", "worth": "", "why": ["first"],
                   "extension": '{"deadline": null, "days": 0.0}', "marked_at": MONDAY}),
    ):  # fmt: skip
        connection.execute(insert(rows[table]).values(row))


def in_eleven_more_labs(connection: Connection) -> None:
    """All that there is of one lab, once more in eleven others."""
    for table in ("handins", "judgements", "marks"):
        names = ", ".join(
            column.name for column in Base.metadata.tables[table].columns if column.name not in ("id", "lab")
        )
        for number in range(11):
            again = f"INSERT INTO {table} (lab, {names}) SELECT 'x{number}', {names} FROM {table} WHERE lab = :lab"  # noqa: S608
            connection.execute(text(again), {"lab": LAB})


def test_every_older_revision_is_named_here() -> None:
    """A new revision adds the one before it to this file; HEAD is the newest."""
    revisions = [each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

    assert revisions == [HEAD, *reversed(OLDER)]


@pytest.mark.parametrize("revision", OLDER)
def test_older_store_keeps_what_it_holds(place: str, revision: str) -> None:
    """Opened by this seamwork, an older store has all its marks, judgements and seeds, and is gone on with."""
    on(place, upgraded(revision))
    on(place, a_mark)

    with Store.open(place) as store, store.run(LAB) as run:
        seeds = run.enrol([Student("ada", "Ada")])
        run.queued(seeds)
        (entry,), known = store.table(LAB), store.known([a_key(a_handin())])

    assert (entry.mark.points, entry.student.name, seeds, len(known)) == (2.0, "Ada", {"ada": 7}, 1)
    assert run.id == 2


def test_tables_are_those_of_the_migrations(place: str) -> None:
    """What the migrations make is what the models say: names, types, indexes, keys."""
    Store.open(place).close()

    def differs(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    assert on(place, differs) == []


def test_failed_migration_leaves_the_store_as_it_was(place: str) -> None:
    """A step that cannot be done undoes those before it: the store is the older one still."""
    on(place, upgraded("seamwork_0001"))
    on(place, lambda connection: connection.execute(text("CREATE TABLE progress (id INTEGER)")))

    with pytest.raises(UsageError, match=r"cannot be used: .*progress.* already exists"):
        Store.open(place)

    assert on(place, lambda c: c.scalar(text("SELECT version_num FROM alembic_version"))) == "seamwork_0001"


def test_first_migration_is_whole_or_not_at_all(place: str) -> None:
    """Where the store cannot be made to its end, nothing of it is there."""
    on(place, lambda connection: connection.execute(text("CREATE SCHEMA seamwork")) if ":" in place else None)

    def half(connection: Connection) -> None:
        command.upgrade(config(connection), HEAD)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        on(place, half)

    assert on(place, lambda connection: inspect(connection).get_table_names()) == []


def test_who_only_reads_makes_no_store(place: str, tmp_path: Path) -> None:
    """A slip of the pen in a path shows no empty table: it is an error."""
    with pytest.raises(UsageError, match=r"There is no store at .*grades"):
        Store.open(place, new=False)

    assert list(tmp_path.iterdir()) == []


def test_newer_store_is_refused(place: str) -> None:
    """What a later seamwork wrote is not touched, and the message says whose it is."""
    Store.open(place).close()
    on(place, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = 'seamwork_0099'")))

    with pytest.raises(UsageError, match=r"written by a newer seamwork \(its revision is 'seamwork_0099'"):
        Store.open(place)


def test_older_store_in_use_is_left_alone(place: str) -> None:
    """While somebody grades into an older store, nobody changes its tables under their hands."""
    with Store.open(place) as store, store.run(LAB):
        on(place, lambda connection: connection.execute(text("DROP TABLE progress")))
        on(
            place,
            lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = 'seamwork_0001'")),
        )

        with pytest.raises(UsageError, match=r"Process \d+ on .* grades into"):
            Store.open(place)


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """A database that has tables of its own is no store, and stays as it is."""
    with closing(sqlite3.connect(tmp_path / "browser.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(UsageError, match="it is no store of marks: it has bookmarks"):
        Store.open(tmp_path / "browser.db")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A text file is not overwritten."""
    (tmp_path / "notes.txt").write_text("remember the milk\n" * 100, "utf-8")

    with pytest.raises(UsageError, match=r"notes.txt cannot be used: file is not a database"):
        Store.open(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text("utf-8").startswith("remember")


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is not there is no place for a store."""
    with pytest.raises(UsageError, match=r"nowhere/grades\.db cannot be written: No such file or directory"):
        Store.open(tmp_path / "nowhere" / "grades.db")


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "http://x", "://"])
def test_other_kinds_of_store_are_refused(url: str) -> None:
    """There are two kinds, and the message shows both."""
    with pytest.raises(UsageError, match=r"is no kind of store\. Name a file .*postgresql://user@host/name"):
        Store.open(url)


def test_server_that_is_not_there_is_named_without_its_password() -> None:
    """The password is nobody's business, not even in an error."""
    with pytest.raises(UsageError, match=r"postgresql://me@127\.0\.0\.1:1/x cannot be used") as found:
        Store.open("postgresql://me:s3cret@127.0.0.1:1/x")

    assert "s3cret" not in str(found.value)


def test_schemas_are_stores_of_their_own(databases: Callable[[], str]) -> None:
    """Two classes in one database do not see each other, and may be graded at the same time."""
    url = databases()
    with Store.open(f"{url}?schema=spring") as spring, Store.open(f"{url}?schema=autumn") as autumn:
        with spring.run(LAB), autumn.run(LAB):
            pass
        with spring.run(LAB):
            pass

        assert [len(store.runs()) for store in (spring, autumn)] == [2, 1]
    with pytest.raises(UsageError, match="'x;drop' is no name for the schema"):
        Store.open(f"{url}?schema=x;drop")


def test_marks_are_nobody_elses_business(tmp_path: Path) -> None:
    """Only its owner can read the file, and those beside it."""
    with Store.open(tmp_path / "grades.db") as store, store.run(LAB):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert len(modes) == 4  # the journal, its index and the lock
    assert set(modes.values()) == {0o600}


def test_what_was_committed_is_on_the_disk(tmp_path: Path) -> None:
    """A commit is written through: it outlives a kill, and the power."""
    engine = engine_for(Address.of(tmp_path / "grades.db"))
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()

    assert found == ["wal", 2, 1]


def test_unchanged_class_of_a_thousand_is_quick(place: str) -> None:
    """A thousand students in twelve labs: what is known of one lab, and that nothing has changed, is found in a second."""
    students = [Student(f"s{number:04}") for number in range(1_000)]
    handins = {student.key: a_handin(student, student.key) for student in students}
    policy = basis(MARKS, students[0], Policy())
    with Store.open(place) as store:
        with store.run(LAB) as run:
            seeds = run.enrol(students)
            run.handed_in(handins.values())
            keys = {name: a_key(each, seed=seeds[name]) for name, each in handins.items()}
            came_to = {name: judged(key, test_a="passed") for name, key in keys.items()}
            run.keep(*came_to.values())
            worth = mark(came_to["s0000"], MARKS, handins["s0000"])
            run.marked(*(Marking(each, worth, policy, handins[each.key], came_to[each.key]) for each in students))
        on(place, in_eleven_more_labs)

        began = time.process_time()
        with store.run(LAB) as run:
            run.enrol(students)
            run.handed_in(handins.values())
            known, table = store.known(keys.values()), store.table(LAB)
            same = [e.stands_on(handins[e.student.key], keys[e.student.key], policy) for e in table]
        took = time.process_time() - began

    assert (len(known), len(same), all(same)) == (1_000, 1_000, True)
    assert took < 1
