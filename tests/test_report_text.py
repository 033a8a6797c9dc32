"""What the learner sees in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from test_report_world import any_results, often

from checker.ledger import Exchange
from checker.outcome import CheckResult, Message, Outcome, Results
from checker.report import render_text
from checker.report.sample import sample

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failure; it would hide it

HANGING = """\
03-calls   0 of 1
✗ An order can be read within a second while users hangs.
    assert 504 == 200   (reply.status_code)
    on the wire   you → orders    GET /orders/1  504   1.00 s
                  orders → users  GET /users/7   …hangs (by us)
    again         curl -i 127.0.0.1:41233/orders/1
    why           a caller that waits for ever spreads one outage to all
    next          seamwork hint 03 · read notebooks/03-calls.ipynb, "A budget, not a timeout"

1 failed · 2.31 s, seed 20261
mend it, then: seamwork check 03"""


def one(check: CheckResult) -> Results:
    """Return a run of this check alone."""
    return replace(sample(), checks=[check])


def failed(**evidence: object) -> Results:
    """Return a run of one failed check with this evidence."""
    return one(CheckResult("test_x", "01-a", {"en": "It works."}, Outcome.FAILED, **evidence))  # type: ignore[arg-type]


def named(name: str) -> Results:
    """Return a run of one check of the sample alone."""
    return one(next(check for check in sample().checks if check.name == name))


def test_failure_looks_as_the_course_promises() -> None:
    """Claim, assertion, wire, command, reason, next step: each in its place."""
    shown = render_text(named("test_a_hanging_users_service_is_survived"), then="mend it, then: seamwork check 03")

    assert shown == HANGING


def test_passed_check_takes_one_line() -> None:
    """A promise kept is not talked about."""
    assert "✓ An order shows its buyer's nickname.\n✓ A listing" in render_text(sample())


def test_blocked_check_says_why() -> None:
    """What it builds on is named by its claim, in the reader's language."""
    assert "because       It builds on “users 挂起时，一秒之内仍能读到订单。”" in render_text(sample(), lang="zh")


def test_broken_check_blames_us() -> None:
    """Our fault is called ours, and where its details are."""
    shown = render_text(named("test_half_a_body_is_refused"), report="runs/latest/report.html")

    assert "Our fault, not yours." in shown
    assert "details       runs/latest/report.html" in shown


def test_broken_check_shows_no_traceback() -> None:
    """A traceback of ours stays out of the terminal."""
    assert "Traceback" not in render_text(sample())


def test_log_of_a_crash_is_shown() -> None:
    """The last lines of the process that ended stand below the wire."""
    assert "log           orders | File" in render_text(sample())


def test_long_wire_is_shortened() -> None:
    """Of many exchanges the first and the last are shown, and how many were not."""
    wire = [Exchange("you", "orders", f"GET /orders/{n}", n, 200, 0.002) for n in range(20)]
    shown = render_text(failed(wire=wire))

    assert "… 12 more in the report" in shown
    assert re.findall(r"/orders/(\d+)", shown) == ["0", "1", "2", "3", "16", "17", "18", "19"]


def test_equal_calls_are_one_line() -> None:
    """Fifty calls alike are one line that counts them."""
    wire = [Exchange("orders", "users", "GET /users/7", n, 200, 0.002) for n in range(50)]

    assert "orders → users  GET /users/7  200   × 50" in render_text(failed(wire=wire))


def test_missing_reply_is_said() -> None:
    """An exchange without a status never looks like one that went well."""
    assert "…no reply" in render_text(failed(wire=[Exchange("you", "orders", "GET /", 0.0)]))


def test_command_is_never_broken_up() -> None:
    """A command can be copied as it stands, however narrow the terminal."""
    command = "curl -i 127.0.0.1:41233/orders -H 'content-type: application/json' -d @basket.json"

    assert command in render_text(sample(), width=40)


def test_colours_only_where_wanted() -> None:
    """Without colour not one escape sequence comes out; with it, the same words do."""
    colored = render_text(sample(), color=True)

    assert "\x1b[" not in render_text(sample())
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render_text(sample())
    assert "\x1b[1;31m✗" in colored


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_forty_columns_are_enough(lang: str) -> None:
    """On a narrow terminal no line but a command runs over; Chinese characters count as two."""
    lines = render_text(sample(), lang=lang, width=40).splitlines()

    assert [line for line in lines if cell_len(line) > 40 and "curl" not in line] == []


@often
@given(any_results, st.integers(20, 120))
def test_no_line_runs_over(results: Results, width: int) -> None:
    """Whatever is shown, it stays within the terminal."""
    checks = [replace(check, again="") for check in results.checks]
    lines = render_text(replace(results, lab="03-calls", checks=checks), width=width).split("\n")

    assert [line for line in lines if cell_len(line) > width] == []


def test_ascii_is_all_some_terminals_have() -> None:
    """Without Unicode the signs have stand-ins, and the rest is written out."""
    shown = render_text(sample(), lang="zh", unicode=False)

    assert shown.isascii()
    assert "you -> orders" in shown


def test_failure_without_words_still_has_a_name() -> None:
    """A check that claims nothing is shown by its name."""
    assert "✗ test_x" in render_text(one(CheckResult("test_x", "01-a", {}, Outcome.FAILED)))


def test_no_checks_are_not_a_success() -> None:
    """An empty run says so."""
    assert "no check ran" in render_text(replace(sample(), checks=[]))


def test_own_next_move_comes_first() -> None:
    """What the message advises stands before the hint."""
    shown = render_text(failed(message=Message("orders did not start.", "Read its log.")))

    assert "next          Read its log. · seamwork hint 01" in shown


def test_terminal_does_not_wait_for_html() -> None:
    """Importing the terminal's face imports neither rich nor HTML."""
    program = "import sys, checker.report.text; sys.exit(' '.join({'rich', 'markupsafe', 'jinja2', 'jsonschema'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True).stderr == "\n"
