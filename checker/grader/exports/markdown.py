"""The same feedback as Markdown, for a mail, a comment or a repository. What a submission wrote is text in it, and never markup.

In a line each character that could begin markup is escaped (CommonMark 0.31, 2.4 and 6); what has lines of its own stands
in a fence longer than any run of backticks in it (4.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.errors import N_
from checker.grader.exports.feedback import heading, worth
from checker.grader.exports.sentences import explained, verdict
from checker.grader.exports.shown import One, Shown
from checker.grader.exports.subject import Subject
from checker.outcome import CheckResult, Outcome
from checker.report.clean import block, line
from checker.report.parts import claim_text
from checker.report.wire import Row, rows
from checker.report.words import Voice

__all__ = ["feedback_markdown", "fenced", "inline"]

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~#@$]|&(?=[#\w])|:(?=[/a-zA-Z+])|(?<=www)\.")
"""What can begin markup within a line, GFM's tables, mentions and bare addresses among it."""
_LEADING = re.compile(r"(?<![0-9])[-+=]|(?<=[0-9])[.)](?=\s|$)")
"""What makes a list or a heading of a line that begins with it, after digits or not."""
_SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "○", Outcome.BROKEN: "!"}
_ROWS, _LOG_LINES = 40, 20


def feedback_markdown(one: One, subject: Subject) -> str:
    """Return the text. Private checks show their claim and what they came to, and nothing else."""
    voice = subject.voice
    head = [f"# {inline(subject.title)}", f"**{inline(heading(one))}**: {inline(verdict(one.mark, voice))}"]
    told = [inline(sentence) for sentence in explained(one, voice)]
    checks = [part for shown in one.checks for part in _check(shown, voice)]
    return "\n\n".join([*head, *told, *checks]) + "\n"


def inline(text: object) -> str:
    """Return a text as one line of Markdown that says just that."""
    shown = re.sub(r"\s+", " ", line(text, 2_000)).strip()
    digits = shown[: len(shown) - len(shown.lstrip("0123456789"))]
    escape = "\\" if _LEADING.match(shown, len(digits)) else ""
    return digits + escape + _escaped(shown[len(digits) :])


def fenced(text: str) -> str:
    """Return a text that keeps its lines, as code."""
    shown = block(text)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence}text\n{shown}\n{fence}"


def _escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\g<0>", text)


def _check(shown: Shown, voice: Voice) -> Iterator[str]:
    check, points = shown.result, worth(shown, voice)
    yield f"## {_SIGNS[check.outcome]} {inline(claim_text(check, voice))}"
    yield inline(voice.outcome(check.outcome)) + (f", {inline(points)}" if points else "")
    if not shown.private and check.outcome is not Outcome.PASSED:
        yield from _seen(check, voice)
        yield from _advice(check, voice)


def _seen(check: CheckResult, voice: Voice) -> Iterator[str]:
    if said := voice.message(check.message):
        yield inline(said)
    if check.assertion:
        yield fenced(check.assertion + (f"   ({check.expression})" if check.expression else ""))
    if wire := [_row(row) for row in rows(check.wire, voice, fold=True)[:_ROWS]]:
        yield inline(voice.say(N_("On the wire")))
        yield fenced("\n".join(wire))
    for process, lines in check.logs.items():
        yield inline(voice.say(N_("Log of {process}"), process=line(process, 60)))
        yield fenced("\n".join(line(text, 400) for text in lines[-_LOG_LINES:]))


def _row(row: Row) -> str:
    said = (f"{row.caller} → {row.callee}", row.request, row.status, row.took, row.remark)
    return "  ".join(filter(None, (*said, f"× {row.times}" if row.times > 1 else "")))


def _advice(check: CheckResult, voice: Voice) -> Iterator[str]:
    told = {
        N_("why"): voice.pick(check.why),
        N_("next"): voice.next_move(check),
        N_("read"): voice.pick(check.place) if check.place else line(check.read, 200),
    }
    points = [f"- **{inline(voice.say(name))}**: {inline(text)}" for name, text in told.items() if text]
    if points:
        yield "\n".join(points)
