"""The databases of the shop that is up: asked by hand, and worked on by processes that are only called. On the tiny course."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whole import Program, Said, edit, owning, standing

from checker.course import Course, init
from checker.course.git import Git
from checker.errors import LearnerFault
from checker.report.ink import Ink
from checker.report.words import Voice
from checker.session.up import Up
from checker.session.up_rows import row_lines
from checker.session.up_sql import answer_of
from checker.session.up_state import Rows
from checker.wait import eventually

Typed = Callable[..., Said]

OWNERS = """
[labs.02]
provision = "infra/postgres"
moves = { counter = "greeter" }

[labs.02.services.greeter]
database = "greeter"
processes = ["greeter-release", "greeter-test", "greeter"]
operations = ["POST /greetings/{name}"]
tables = []
calls = { counter = ["POST /counts/{name}"] }

[labs.02.services.counter]
database = "counter"
processes = ["counter-release", "counter-backfill", "counter-drift", "counter"]
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
REVOKE CONNECT ON DATABASE greeter, counter FROM PUBLIC;
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
    print(*[row[0] for row in connection.execute("SELECT text FROM notes")], os.environ.get("COUNTER_URL", "nobody"))
"""
MEET = """
import os, time

print(os.getpid())
while not os.path.exists("go"):
    time.sleep(0.02)
print(os.getpid())
"""
PROCFILE = """
greeter-release: python note.py released
greeter: python -m greeter.app
greeter-test: python note.py tested
greeter-revert: python meet.py
counter-release: python note.py new
counter-backfill: python note.py moved
counter-drift: python -c "print('odd indeed'); exit(7)"
counter-test: python -c "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
counter-revert: python -c "import os, time; print(os.getpid()); time.sleep(20)"
counter: python -m counter.app
"""
ONE = Rows(["id", "nickname"], [True, False], [["7", "Ana"], ["12", None]], 2, "SELECT 2")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program, with the tiny course, in whose lab 02 the learner's SQL makes the databases."""
    return Program(tmp_path_factory.mktemp("installed"), owning(OWNERS, tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def space(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace at the end of lab 02; the version from before has a release process as well."""
    course = Course(program.file.parent / "checker" / "_course")
    folder = init(tmp_path_factory.mktemp("up") / "space", course, at=course.lab("02"), solved=True).path
    git = Git(folder)
    (folder / "note.py").write_text(NOTE)
    (folder / "Procfile").write_text("greeter-release: python note.py old\ngreeter: python -m greeter.app\n")
    git.run("add", "-A")
    git.run("commit", "-qm", "old", extra=git.identity)
    git.run("tag", "-f", "before-02")
    (folder / "Procfile").write_text(PROCFILE)
    (folder / "meet.py").write_text(MEET)
    (folder / "infra/postgres").mkdir(parents=True)
    (folder / "infra/postgres/10.sql").write_text(SQL)
    return folder


@pytest.fixture(scope="module")
def up(program: Program, space: Path) -> Iterator[Typed]:
    """The commands, while the shop is up."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = min(sock.getsockname()[1], 64_000)
    began = program("up", "--port", port, "--no-reload", cwd=space)
    assert began.code == 0, began.err
    yield lambda *words, **env: program(*words, cwd=space, **env)
    assert program("down", cwd=space).code == 0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server."""
    with standing() as ground:
        yield ground.postgres.url


# SQL


def test_rows_are_a_table(up: Typed) -> None:
    """Names above, numbers to the right, NULL as such, and how many rows there are."""
    said = up("sql", "counter", "SELECT 'Ana' AS nickname, 7 AS id UNION ALL SELECT NULL, 12")

    assert said.out == " nickname | id\n----------+----\n Ana      |  7\n NULL     | 12\nrows: 2\n"


def test_what_returns_no_rows_says_its_tag(up: Typed) -> None:
    """The tag of the command, as psql has it; what was written is there."""
    said = up("sql", "counter", "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2)")

    assert (said.code, said.out) == (0, "INSERT 0 2\n")
    assert up("sql", "counter", "SELECT count(*) FROM kept").out.split()[-3] == "2"


def test_the_last_result_is_shown(up: Typed) -> None:
    """Of several statements in one string the last one counts."""
    assert up("sql", "counter", "SELECT 1 AS one; SET TIME ZONE 'UTC'; SELECT 2 AS two;").out.startswith(" two\n")


def test_fifty_rows_are_shown_and_the_others_counted(up: Typed) -> None:
    """However many there are, nobody waits for all of them to be printed."""
    lines = up("sql", "counter", "SELECT * FROM generate_series(1, 200000)").out.splitlines()

    assert len(lines) == 2 + 50 + 1
    assert lines[-1] == "rows: 200000, of which 199950 more are not shown"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM ordrs", 'PostgreSQL says: relation "ordrs" does not exist (undefined_table).\n'),
        ("SELEC 1", 'PostgreSQL says: syntax error at or near "SELEC" (syntax_error).\n'),
        (
            "CREATE TABLE u (id int UNIQUE); INSERT INTO u VALUES (1), (1)",
            'PostgreSQL says: duplicate key value violates unique constraint "u_id_key" (unique_violation).\nKey (id)=(1) already exists.\n',
        ),
        ("SELECT 1/(10 - n) FROM generate_series(1, 20) n", "PostgreSQL says: division by zero (division_by_zero).\n"),
    ],
)
def test_an_error_is_said_with_its_name(up: Typed, query: str, says: str) -> None:
    """PostgreSQL's words and the name of its SQLSTATE; exit code 1."""
    said = up("sql", "counter", query)

    assert (said.code, said.out, said.err) == (1, "", says)


def test_another_services_login_is_shown_the_door(up: Typed) -> None:
    """--as knocks with the login of another service: whether that door is shut can be seen."""
    said = up("sql", "counter", "SELECT 1", "--as", "greeter")

    assert said.code == 1
    assert re.fullmatch(
        r'PostgreSQL says: permission denied for database "counter_\d" \(insufficient_privilege\)\.\n'
        r"User does not have CONNECT privilege\.\n",
        said.err,
    )


def test_each_service_asks_by_its_own_login(up: Typed) -> None:
    """Whose login it is, is what current_user says."""
    said = [up("sql", name, "SELECT current_user").out.splitlines()[2] for name in ("greeter", "counter")]

    assert said == [" greeter", " counter"]


def test_an_open_transaction_is_rolled_back_and_said(up: Typed) -> None:
    """BEGIN without COMMIT changes nothing, and nobody is left to believe it did."""
    said = up("sql", "counter", "BEGIN; CREATE TABLE gone ()")

    assert said.out == "CREATE TABLE\nThe transaction was left open, so it has been rolled back.\n"
    assert "undefined_table" in up("sql", "counter", "SELECT * FROM gone").err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sql", "till", "SELECT 1"), "There is no service 'till' in lab 02."),
        (("sql", "counter", "SELECT 1", "--as", "till"), "There is no service 'till' in lab 02."),
        (("sql", "counter", " -- nothing\n"), "There is no SQL in "),
        (("sql", "counter", "COPY pg_class TO STDOUT"), "COPY reads and writes files"),
        (("run", "greeter"), "greeter is running already, as the shop is up.\nThose that are only called: greeter-rel"),
        (("run", "counter-undo"), "There is no process 'counter-undo'.\nThose that are only called: greeter-release, "),
    ],
)
def test_what_cannot_be_is_said(up: Typed, words: tuple[str, ...], says: str) -> None:
    """What was typed wrong is named, with what there is."""
    said = up(*words)

    assert (said.code, said.out, says in said.err) == (2, "", True), said.err


@pytest.mark.parametrize("query", ["SELECT pg_sleep(60)", "SET statement_timeout = 0; SELECT pg_sleep(60)"])
def test_nothing_is_waited_for_without_end(server: str, query: str) -> None:
    """Who takes too long is given up, also who has switched PostgreSQL's own limit off."""
    with pytest.raises(LearnerFault, match=r"statement timeout \(query_canceled\)|not done after 0.2 s"):
        answer_of(server, query, within=0.2)


def test_endless_rows_are_given_up(server: str) -> None:
    """Rows that come without end are counted for so long, and not kept."""
    with pytest.raises(LearnerFault, match=r"query_canceled|not done after"):
        answer_of(server, "SET statement_timeout = 0; SELECT * FROM generate_series(1, 1e12)", within=0.2)


def test_a_narrow_terminal_has_one_value_a_line() -> None:
    """Where the table does not fit, nothing is cut: the values stand below each other."""
    lines = row_lines(ONE, Voice("en"), Ink(), 12)

    assert lines == [
        "row 1",
        "  id        7",
        "  nickname  Ana",
        "row 2",
        "  id        12",
        "  nickname  NULL",
        "rows: 2",
    ]


def test_values_are_shown_and_not_acted_upon(up: Typed) -> None:
    """An escape sequence in a value does nothing to the terminal, and a line end does not break the table."""
    assert up("sql", "counter", r"SELECT E'a\x1b[31mb\nc' AS text").out == " text\n------\n ab c\nrows: 1\n"


# Processes that are only called


def test_its_exit_code_is_the_commands(up: Typed) -> None:
    """What it writes is shown, its exit code passed on, and one line says so."""
    said = up("run", "counter-drift")

    assert (said.code, said.out) == (7, "odd indeed\n")
    assert said.err == "counter-drift has ended, with exit code 7.\n"


def test_a_move_reads_the_database_that_is_up(up: Typed) -> None:
    """SOURCE_DATABASE_URL is the database that the running neighbour uses: what was put there comes along."""
    up("sql", "greeter", "INSERT INTO notes VALUES ('by hand')")

    said = up("run", "counter-backfill")

    assert said.code == 0, said.err
    assert "by hand" in said.out
    assert "by hand" in up("sql", "counter", "SELECT text FROM notes").out


def test_a_release_runs_as_its_service(up: Typed) -> None:
    """It has the service's database and its neighbours, as the service has them."""
    said = up("run", "greeter-release")

    assert re.search(r"released .*http://127\.0\.0\.1:\d\d+\n", said.out)


def test_tests_have_a_new_database_and_nobody_to_ask(up: Typed) -> None:
    """What the release process leaves of an empty database, each time anew; neighbours do not answer."""
    first, second = up("run", "greeter-test"), up("run", "greeter-test")

    assert (first.code, first.out) == (0, "released tested http://127.0.0.1:9\n")
    assert second.out == first.out


def test_who_is_killed_is_said(up: Typed) -> None:
    """A signal is an exit code as shells have it."""
    said = up("run", "counter-test")

    assert (said.code, said.err) == (137, "counter-test was ended by signal 9.\n")


def test_it_is_shown_as_it_comes_and_ends_with_who_asked(program: Program, up: Typed, space: Path) -> None:
    """A line is there before the process ends; Ctrl-C ends the process too."""
    assert up
    with program.begin("run", "counter-revert", cwd=space) as asking:
        assert asking.stdout is not None
        pid = int(asking.stdout.readline())
        os.kill(pid, 0)
        asking.send_signal(signal.SIGINT)
        said = asking.communicate(timeout=30)[0].decode()

    assert (asking.returncode, said) == (130, "Stopped, and counter-revert with it.\n")
    assert eventually(lambda: not Path(f"/proc/{pid}").exists(), within=10.0, what=f"the end of process {pid}")


def test_two_at_once_are_kept_apart(program: Program, up: Typed, space: Path) -> None:
    """Each command shows what its own process writes."""
    assert up
    with (
        program.begin("run", "greeter-revert", cwd=space) as one,
        program.begin("run", "greeter-revert", cwd=space) as other,
    ):
        first = [each.stdout.readline() for each in (one, other) if each.stdout]
        (space / "go").touch()
        second = [each.communicate(timeout=30)[0] for each in (one, other)]

    assert len(set(first)) == 2
    assert second == first


@pytest.mark.parametrize("before", ["released", "alone"])
def test_labs_whose_databases_are_ours(program: Program, tmp_path: Path, before: str) -> None:
    """Before the learner's own SQL there is one database of ours: both commands work on it."""
    folder = program.workspace(tmp_path / "space", "00")
    (folder / "note.py").write_text(NOTE)
    edit(
        folder / "Procfile",
        "greeter: ",
        "greeter-release: python note.py released\ngreeter-test: python note.py tested\ngreeter: ",
    )
    try:
        assert program("up", "--no-reload", cwd=folder).code == 0
        ran = program("run", "greeter-release" if before == "released" else "greeter-test", cwd=folder)
        there = program("sql", "greeter", "SELECT count(*) FROM notes", cwd=folder)
    finally:
        program("down", cwd=folder)

    assert (ran.code, ran.out.startswith("released ")) == (0, True)
    assert there.out.splitlines()[2].strip() == ("2" if before == "released" else "1")


def test_a_new_line_of_the_procfile_can_be_called_at_once(program: Program, tmp_path: Path) -> None:
    """A save that builds the shop anew is not raced: the process runs to its end on what there is then."""
    folder = program.workspace(tmp_path / "space", "00")
    (folder / "note.py").write_text(f"import time\ntime.sleep(1.5)\n{NOTE}")
    try:
        assert program("up", cwd=folder).code == 0
        edit(folder / "Procfile", "greeter: ", "greeter-drift: python note.py looked\ngreeter: ")
        said: list[str] = []
        code = Up(folder).run("greeter-drift", said.append)
    finally:
        program("down", cwd=folder)

    assert (code, said) == (0, ["looked nobody"])


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sql c", ["counter"]),
        ("run greeter", ["greeter-release", "greeter-test", "greeter-revert"]),
        ("sql counter X --as g", ["greeter"]),
    ],
)
def test_shell_completes_what_there_is(up: Typed, typed: str, found: list[str]) -> None:
    """Services and processes of the shop that is up."""
    words = f"seamwork {typed}"

    said = up(_SEAMWORK_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))

    assert said.out.split() == [f"plain,{name}" for name in found]


def test_no_password_is_shown(up: Typed, space: Path) -> None:
    """Neither in what is said, nor in the logs."""
    said = [up("sql", "counter", "SELECT 1", "--as", "greeter"), up("sql", "counter", "SELECT 1/0"), up("up")]
    logs = "".join(file.read_text() for file in (space / "runs/up").glob("*.log"))

    assert not re.search(r"[0-9a-f]{32}", "".join(each.all for each in said) + logs)
