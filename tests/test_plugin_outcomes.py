"""Each check comes to one of four outcomes, and only the learner's own doing counts as failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whole import judged, outcomes, run, solved, standing, words

from checker.outcome import BlockedBy, CheckResult, Outcome
from checker.plugin.compared import compared
from checker.runtime.ground import Ground

COUNTER = "counter/app.py"


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """A ground for all tests of this file."""
    with standing() as ground:
        yield ground


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the end of lab 01: greeter and counter."""
    return solved(tmp_path)


def only(results: dict[str, CheckResult]) -> CheckResult:
    """Return the one result."""
    (result,) = results.values()
    return result


def test_true_promise_is_passed(ground: Ground, tree: Path) -> None:
    """A check that raises nothing passed; its claim is its docstring, its wire what it asked."""
    result = only(
        judged(
            ground,
            tree,
            '''
            def test_counts(counter):
                """The counter counts."""
                assert counter.post("/counts/Ada")["count"] == 1
            ''',
        )
    )

    assert (result.outcome, result.claim, result.message) == (Outcome.PASSED, {"en": "The counter counts."}, None)
    assert [(e.caller, e.callee, e.request, e.status) for e in result.wire] == [
        ("you", "counter", "POST /counts/Ada", 201)
    ]


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        ({"a": "opens", "b": "opens"}, {"a": "opens", "b": "refused"}, "{'b': 'opens'} == {'b': 'refused'}"),
        ({"a": 1}, {"a": 1, "b": 2}, "{} == {'b': 2}"),
        (["x"], [], "['x'] == []"),
        (["same" * 50, "one"], ["same" * 50, "other"], "[… 'one' …] == [… 'other' …]"),
        (["same"] * 60, ["same"] * 61, "60 entries == 61 entries"),
        ("long " * 20, "", f"{'long ' * 20!r} == ''"),
        (1, 2, "1 == 2"),
    ],
)
def test_comparison_shows_what_differs(left: object, right: object, shown: str) -> None:
    """Of a long value only that part is shown which makes the difference."""
    assert compared("==", left, right) == shown


def test_failed_assertion_shows_values_and_expression(ground: Ground, tree: Path) -> None:
    """What was compared, both values, and who asked whom are in the result."""
    result = only(
        judged(
            ground,
            tree,
            """
            def test_counts_double(greeter, counter):
                greeter.post("/greetings/Ada")

                reply = counter.get("/counts/Ada")

                assert reply["count"] == 2
            """,
        )
    )

    assert (result.outcome, result.assertion) == (Outcome.FAILED, "assert 1 == 2")
    assert result.expression == "reply['count']"
    assert [(e.caller, e.callee) for e in result.wire] == [
        ("greeter", "counter"),
        ("you", "greeter"),
        ("you", "counter"),
    ]


FORMS = """
from counter import counts
from web import serve

FORMS = {
    "missing": {"name": "x"},
    "null": {"count": None},
    "text": {"count": "x"},
    "list": [1],
    "empty": {"count": {}},
}

if __name__ == "__main__":
    serve({("GET", "/counts/(.+)"): lambda name: (200, FORMS[name])})
"""


def test_reply_of_another_form_is_the_learners(ground: Ground, tree: Path) -> None:
    """A missing key, or a value of another type, in a reply is failed, not broken."""
    (tree / COUNTER).write_text(FORMS)

    found = judged(
        ground,
        tree,
        """
        def test_missing(counter):
            assert counter.get("/counts/missing")["count"]

        def test_null(counter):
            assert counter.get("/counts/null")["count"] + 1

        def test_text(counter):
            assert counter.get("/counts/text")["count"] > 1

        def test_list(counter):
            assert counter.get("/counts/list")["count"]

        def test_empty(counter):
            assert counter.get("/counts/empty")["count"]["of"]
        """,
    )

    assert {(name, result.outcome, result.detail) for name, result in found.items()} == {
        (name, Outcome.FAILED, "") for name in ("missing", "null", "text", "list", "empty")
    }
    assert [said in words(found[name]) for name, said in (("missing", "'count'"), ("null", "NoneType"))] == [True] * 2


RAW = """
import os, socket

HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Length: "
ANSWERS = {
    b"health": HEAD + b"0\\r\\n\\r\\n",
    b"closed": b"",
    b"garbage": b"\\x00\\xff garbage",
    b"half": HEAD + b"90\\r\\n\\r\\n{}",
    b"prose": HEAD + b"4\\r\\n\\r\\nnope",
    b"bytes": HEAD + b"1\\r\\n\\r\\n\\xff",
    b"status": b"HTTP/1.1 abc\\r\\n\\r\\n",
}
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    connection, _ = server.accept()
    asked = connection.recv(65536)
    connection.sendall(next(answer for path, answer in ANSWERS.items() if path in asked))
    connection.close()
"""


def test_garbage_from_a_service_is_failed(ground: Ground, tree: Path) -> None:
    """Whatever comes back where JSON over HTTP was due speaks against who sent it."""
    kinds = ("closed", "garbage", "half", "prose", "bytes", "status")
    (tree / COUNTER).write_text(RAW)
    checks = [f"def test_{kind}(counter):\n    assert counter.get('/{kind}')['count'] == 0\n" for kind in kinds]

    found = judged(ground, tree, "\n\n".join(checks))

    assert {(name, result.outcome, result.detail) for name, result in found.items()} == {
        (kind, Outcome.FAILED, "") for kind in kinds
    }
    assert [kind for kind in kinds if f"GET /{kind}" not in words(found[kind])] == []


def test_service_that_does_not_start_is_failed_once(ground: Ground, tree: Path) -> None:
    """The first check that needs it says why, with its log; the others are blocked behind that."""
    (tree / COUNTER).write_text("print('hello')\nraise RuntimeError('no counter today')\n")

    checks = "def test_one(counter):\n    pass\n\ndef test_two(greeter):\n    pass\n\n"
    checks += "@pytest.mark.fresh\ndef test_fresh(greeter):\n    pass\n"

    found = judged(ground, tree, checks)

    assert [result.outcome for result in found.values()] == [Outcome.FAILED, Outcome.BLOCKED, Outcome.BLOCKED]
    assert "counter ended with exit code 1" in words(found["one"])
    assert found["one"].logs["counter"][-1] == "RuntimeError: no counter today"


SERVED = """
import os, socket

print("INFO:     Started server process [7]")
print("INFO:     Waiting for application startup.")
print("INFO:     Application startup complete.")
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
print("INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", flush=True)
while True:
    connection, _ = server.accept()
    asked = connection.recv(65536)
    if b"health" not in asked:
        print("INFO:     counting with care", flush=True)
    status = b"200 OK" if b"health" in asked else b"500 No"
    connection.sendall(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""


def test_what_a_server_says_on_starting_is_left_out(ground: Ground, tree: Path) -> None:
    """Of a service that is up, the lines that every start brings say nothing about a failure; its own ones stay."""
    (tree / COUNTER).write_text(SERVED)

    result = only(
        judged(ground, tree, "def test_x(counter):\n    assert counter.get('/counts/A').status_code == 200\n")
    )

    assert result.logs == {"counter": ["INFO:     counting with care"]}
    assert "INFO:     Application startup complete." in [line.text for line in ground.ledger.lines("counter")]


def test_check_behind_a_failed_one_is_blocked(ground: Ground, tree: Path) -> None:
    """What builds on what did not pass does not run, however far behind it stands."""
    results = run(
        ground,
        tree,
        """
        def test_first(counter):
            assert counter.get("/counts/A").status_code == 404

        @pytest.mark.after("test_first")
        def test_second(counter):
            raise RuntimeError("must not run")

        @pytest.mark.after("test_second")
        def test_third(counter):
            raise RuntimeError("must not run")

        def test_apart(counter):
            counter.get("/counts/A")
        """,
    )

    assert outcomes(results) == ["first failed", "second blocked", "third blocked", "apart passed"]
    assert words(results.checks[1]) == "It builds on first, which has not passed. Mend that one first."


def test_fault_nobody_met_is_blocked(ground: Ground, tree: Path) -> None:
    """A fault that no request met proves nothing, so the check has not passed."""
    result = only(
        judged(
            ground,
            tree,
            """
            def test_survives(greeter, counter):
                counter.hangs()

                assert counter.get("/counts/A").status_code == 200
            """,
        )
    )

    assert result.outcome is Outcome.BLOCKED
    assert "While counter was made to fail (hangs), nobody asked it anything" in words(result)
    assert "Does greeter really call counter" in words(result)


@pytest.mark.parametrize(
    ("root", "outcome", "whose"),
    [
        ("assert counter.get('/counts/A')['count'] == 7", Outcome.FAILED, BlockedBy.WORK),
        ("counter.hangs()", Outcome.BLOCKED, BlockedBy.WORK),
        ("raise Blocked('No cluster.')", Outcome.BLOCKED, BlockedBy.OURS),
        ("raise RuntimeError('our bug')", Outcome.BROKEN, BlockedBy.OURS),
    ],
)
def test_blocked_says_whose_doing_it_is(ground: Ground, tree: Path, root: str, outcome: Outcome, whose: str) -> None:
    """However far behind, a blocked check knows whether the root is the work's or ours: it decides about marks."""
    results = run(
        ground,
        tree,
        f"""
        from checker.errors import Blocked

        def test_root(counter):
            {root}

        @pytest.mark.after("test_root")
        def test_behind():
            pass

        @pytest.mark.after("test_behind")
        def test_far_behind():
            pass
        """,
    ).checks

    assert [check.outcome for check in results] == [outcome, Outcome.BLOCKED, Outcome.BLOCKED]
    assert [check.blocked_by for check in results] == [whose if outcome is Outcome.BLOCKED else None, whose, whose]


@pytest.mark.parametrize(
    ("what", "whose"),
    [("LearnerFault('Their SQL fails.')", BlockedBy.WORK), ("EngineFault('Ours does.')", BlockedBy.OURS)],
)
def test_what_was_told_before_says_whose_doing_it_is(ground: Ground, tree: Path, what: str, whose: str) -> None:
    """Who stumbles over the same thing again is blocked by whoever it came from."""
    results = run(
        ground,
        tree,
        f"""
        from checker.errors import EngineFault, LearnerFault
        STUMBLE = {what}

        def test_first():
            raise STUMBLE

        def test_second():
            raise STUMBLE
        """,
    ).checks

    assert [check.blocked_by for check in results] == [None, whose]


def test_what_stands_on_a_system_that_does_not_start_is_theirs(ground: Ground, tree: Path) -> None:
    """The first check says that their system does not start; the next is blocked, and by the work."""
    (tree / COUNTER).write_text("raise SystemExit(3)", "utf-8")

    results = run(ground, tree, "def test_one(counter): pass\n\ndef test_two(counter): pass\n").checks

    assert [(check.outcome, check.blocked_by) for check in results] == [
        (Outcome.FAILED, None),
        (Outcome.BLOCKED, BlockedBy.WORK),
    ]


def test_fault_that_was_met_lets_the_verdict_stand(ground: Ground, tree: Path) -> None:
    """Once a request has met the fault, the assertions decide; the next check has a sound system."""
    results = run(
        ground,
        tree,
        """
        def test_says_503(greeter, counter):
            counter.resets()

            assert greeter.post("/greetings/A").status_code == 503

        def test_next_is_sound(greeter):
            assert greeter.post("/greetings/B").status_code == 201
        """,
    )

    assert outcomes(results) == ["says_503 passed", "next_is_sound passed"]
    assert {(e.callee, e.fault) for e in results.checks[0].wire if e.fault} == {("counter", "resets")}


def test_need_that_is_absent_is_blocked(ground: Ground, tree: Path) -> None:
    """What the machine lacks is never a failure."""
    result = only(
        judged(
            ground,
            tree,
            """
            from checker.errors import Blocked

            @pytest.fixture
            def cluster():
                raise Blocked("No cluster at {where}.", "make cluster", where="127.0.0.1")

            def test_rolls_out(cluster):
                pass
            """,
        )
    )

    assert (result.outcome, words(result)) == (Outcome.BLOCKED, "No cluster at 127.0.0.1. make cluster")


BUGS = """
@pytest.fixture
def raises():
    raise ValueError("oops")

@pytest.fixture
def raises_afterwards():
    yield
    raise ValueError("oops")

def test_typo(counter):
    counter.git("/counts/A")

def test_slip_before_any_reply():
    {}["missing"]

def test_no_such_fixture(nobody):
    pass

def test_fixture_raises(raises):
    pass

def test_fixture_raises_afterwards(raises_afterwards):
    pass

def test_no_such_role(system):
    system["nobody"]

def test_no_stand_in(counter):
    counter.standin

def test_tool_fails(counter):
    import subprocess
    subprocess.run(["false"], check=True)

def test_exits():
    raise SystemExit(3)

def test_skips():
    pytest.skip("why not")

@pytest.mark.skip
def test_marked_to_be_skipped():
    pass

@pytest.mark.xfail
def test_expected_to_fail():
    raise ValueError

def test_warns():
    import warnings
    warnings.simplefilter("error")
    warnings.warn("w")
"""


def test_bug_of_ours_is_broken(ground: Ground, tree: Path) -> None:
    """Whatever a check does wrong by itself is broken: never passed, never counted against the learner."""
    results = run(ground, tree, BUGS + "\n\ndef test_sound():\n    pass\n")

    *bugs, sound = outcomes(results)
    assert [bug for bug in bugs if not bug.endswith(" broken")] == []
    assert (len(bugs), sound, results.exit_code) == (13, "sound passed", 2)


def test_bug_after_a_good_reply_is_broken(ground: Ground, tree: Path) -> None:
    """A check's own slip stays ours, although the system had answered."""
    checks = 'def test_x(counter):\n    counter.get("/counts/A")\n    return undefined_name\n'

    result = only(judged(ground, tree, checks))

    assert result.outcome is Outcome.BROKEN
    assert "NameError" in result.detail


def test_broken_says_whose_fault(ground: Ground, tree: Path) -> None:
    """The sentence takes the blame off the learner; the traceback is kept apart from it."""
    result = only(judged(ground, tree, "def test_x():\n    raise RuntimeError('two\\nlines')\n"))

    assert words(result).startswith("The checker itself stumbled: RuntimeError: two lines")
    assert "does not count against you" in words(result)
    assert "test_drawn.py:4: in test_x" in result.detail
    assert "_pytest" not in result.detail
