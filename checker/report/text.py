"""Results in a terminal: what failed in full, the rest in a line each."""

from __future__ import annotations

from checker.errors import N_
from checker.outcome import CheckResult, Outcome, Results
from checker.report.cells import width as cells
from checker.report.cells import wrap
from checker.report.clean import block, line
from checker.report.ink import Ink
from checker.report.wire import duration, rows
from checker.report.wirelines import wire_lines
from checker.report.words import Translate, Voice, hint_command, identity

__all__ = ["LABELS", "render_text"]

_NARROW = 60
_ASSERTION_LINES = 12
_LOG_LINES = 6
LABELS = (
    N_("on the wire"),
    N_("log"),
    N_("again"),
    N_("why"),
    N_("next"),
    N_("because"),
    N_("details"),
)
"""What stands before the lines below a claim."""
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.BLOCKED: "yellow", Outcome.BROKEN: "magenta"}
_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "○", Outcome.BROKEN: "!"}
_TONES = {"fault": "yellow", "bad": "red", "": ""}


def render_text(
    results: Results,
    *,
    lang: str = "en",
    translate: Translate = identity,
    width: int = 100,
    color: bool = False,
    unicode: bool = True,
    then: str = "",
    report: str = "runs/latest/report.html",
) -> str:
    """Return results as lines for a terminal of ``width`` cells, no line end after the last.

    ``color``: with ANSI colours. ``unicode`` false: nothing but ASCII comes out. ``then`` is what to type next,
    ``report`` where the whole of it can be read.
    """
    page = _Page(Voice(lang, translate), Ink(color=color, unicode=unicode), max(width, 20), report)
    lines = page.head(results)
    for check in results.checks:
        lines += page.check(check)
    return "\n".join([*lines, "", *page.foot(results, then)])


class _Page:
    """The layout of one rendering: knows the words, the ink and the width."""

    def __init__(self, voice: Voice, ink: Ink, width: int, report: str) -> None:
        self.voice, self.ink, self.width, self.report = voice, ink, width, report
        self.narrow = width < _NARROW
        self.labels = {label: ink.glyphs(voice.say(label)) for label in LABELS}
        self.column = max(map(cells, self.labels.values())) + 3
        self.indent = 2 if self.narrow else 4
        self.room = width - 4 if self.narrow else width - self.indent - self.column

    def head(self, results: Results) -> list[str]:
        counted = self.voice.say(
            N_("{passed} of {total}"), passed=results.count(Outcome.PASSED), total=len(results.checks)
        )
        return [self.ink(line(results.lab), "bold") + "   " + self.ink(counted)]

    def foot(self, results: Results, then: str) -> list[str]:
        counts = [f"{n} {self.voice.outcome(o)}" for o in Outcome if (n := results.count(o))]
        counts = counts or [self.voice.say(N_("no check ran"))]
        ran = self.voice.say(N_("{duration}, seed {seed}"), duration=duration(results.duration), seed=results.seed)
        lines = self.paragraph(" · ".join([*counts, ran]), "dim", indent=0)
        return lines + (self.paragraph(then, "bold", indent=0) if then else [])

    def check(self, check: CheckResult) -> list[str]:
        tell = {
            Outcome.PASSED: self.passed,
            Outcome.FAILED: self.failed,
            Outcome.BLOCKED: self.blocked,
            Outcome.BROKEN: self.broken,
        }
        return self.claim(check) + tell[check.outcome](check)

    def claim(self, check: CheckResult) -> list[str]:
        style = "" if check.outcome is Outcome.PASSED else "bold"
        first, *more = self.wrapped(line(self.voice.pick(check.claim) or check.name), self.width - 2)
        mark = self.ink(_MARKS[check.outcome], _STYLES[check.outcome])
        return [f"{mark} {self.ink(first, style)}"] + [f"  {self.ink(text, style)}" for text in more]

    def passed(self, _: CheckResult) -> list[str]:
        return []

    def failed(self, check: CheckResult) -> list[str]:
        return [
            *self.paragraph(self.voice.message(check.message)),
            *self.assertion(check),
            *self.wire(check),
            *self.log(check),
            *self.rows("again", [(part, "cyan") for part in block(check.again, 2_000).split("\n") if part]),
            *self.labelled("why", self.voice.pick(check.why)),
            *self.labelled("next", self.what_next(check)),
        ]

    def blocked(self, check: CheckResult) -> list[str]:
        return [
            *self.labelled("because", self.voice.message(check.message)),
            *self.labelled("next", self.voice.next_move(check)),
        ]

    def broken(self, check: CheckResult) -> list[str]:
        return [
            *self.paragraph(self.voice.say(N_("Our fault, not yours.")), "magenta"),
            *self.labelled("because", self.voice.message(check.message)),
            *self.labelled("details", self.report),
            *self.labelled("next", self.voice.next_move(check)),
        ]

    def assertion(self, check: CheckResult) -> list[str]:
        expression = f"   ({line(check.expression, 200)})" if check.expression else ""
        lines = self.paragraph(check.assertion + expression, "red") if check.assertion else []
        return self.capped(lines, _ASSERTION_LINES)

    def wire(self, check: CheckResult) -> list[str]:
        told = wire_lines(rows(check.wire, self.voice, fold=True), self.room, self.ink, self.voice)
        return self.rows("on the wire", [(text, _TONES[tone]) for text, tone in told])

    def log(self, check: CheckResult) -> list[str]:
        told = [
            (text, "dim")
            for process, lines in check.logs.items()
            for logged in lines[-_LOG_LINES:]
            for text in self.wrapped(f"{line(process, 40)} | {line(logged, 400)}", self.room)
        ]
        return self.rows("log", told)

    def what_next(self, check: CheckResult) -> str:
        read = self.voice.say(N_("read {place}"), place=self.voice.pick(check.place)) if check.place else ""
        steps = dict.fromkeys([self.voice.next_move(check), hint_command(check), read])
        return " · ".join(step for step in steps if step)

    def paragraph(self, text: str, style: str = "", *, indent: int | None = None) -> list[str]:
        margin = " " * (self.indent if indent is None else indent)
        return [margin + self.ink(part, style) for part in self.wrapped(text, self.width - len(margin))] if text else []

    def labelled(self, label: str, text: str, style: str = "") -> list[str]:
        return self.rows(label, [(part, style) for part in self.wrapped(text, self.room)]) if text else []

    def rows(self, label: str, told: list[tuple[str, str]]) -> list[str]:
        """Put a label before the first line; on a narrow terminal, above it."""
        if not told:
            return []
        name, margin = self.labels[label], " " * self.indent
        lines = [self.ink(text, style) for text, style in told]
        if self.narrow:
            return [margin + self.ink(name, "dim"), *(f"    {text}" for text in lines)]
        first = margin + self.ink(name, "dim") + " " * (self.column - cells(name)) + lines[0]
        return [first, *(margin + " " * self.column + text for text in lines[1:])]

    def wrapped(self, text: str, room: int) -> list[str]:
        return [part for row in self.ink.glyphs(block(text)).expandtabs(4).split("\n") for part in wrap(row, room)]

    def capped(self, lines: list[str], most: int) -> list[str]:
        if len(lines) <= most:
            return lines
        left = self.voice.say(N_("… {count} more lines in the report"), count=len(lines) - most)
        return [*lines[:most], *self.paragraph(left, "dim")]
