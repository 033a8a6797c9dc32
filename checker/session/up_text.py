"""The shop that is up in words: for a terminal, and as what a notebook shows where there is no HTML."""

from __future__ import annotations

import json
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.cells import pad, width, wrap
from checker.report.clean import block, line
from checker.report.wire import duration, rows
from checker.report.wirelines import wire_lines
from checker.session.up_rows import row_lines, table_lines
from checker.session.up_state import error_from
from checker.session.up_stream_rows import streams_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.outcome import Message
    from checker.report.ink import Ink
    from checker.report.words import Voice
    from checker.session.up_state import Answered, FaultNow, Rows, State
    from checker.session.up_stream_rows import Told
    from checker.session.up_streams import Look, Stream

__all__ = ["Words", "body_of", "crowd_told", "fault_words", "outcome_of", "pretty"]

_GOOD, _BAD = 400, 500
_STYLES = {"": "bold green", "odd": "bold yellow", "bad": "bold red"}
_TONES = {"fault": "yellow", "bad": "red", "": ""}
_GAP = "   "
IN_TIME = "no reply in time"
"""The client's note on a request that nobody answered."""


class Words:
    """Says it in one language, with this ink, in lines of at most ``room`` cells."""

    def __init__(self, voice: Voice, ink: Ink, room: int = 100) -> None:
        self._voice, self._ink, self._room = voice, ink, max(room, 20)

    def state(self, state: State) -> str:
        """Say what is up, and where."""
        said = [(each.name, each.url if each.trouble is None else "") for each in state.services]
        column = max(width(name) for name, _ in said) + len(_GAP)
        lines = [f"  {pad(line(name, 60), column)}{url}".rstrip() for name, url in said if url]
        for each in state.services:
            if each.trouble is not None:
                lines += self._trouble(each.trouble, pad(line(each.name, 60), column))
        if state.helpers:
            lines.append(f"  {pad(self._voice.say(N_('beside')), column)}{', '.join(state.helpers)}")
        return "\n".join([*lines, *self.faults(state)])

    def _trouble(self, trouble: Message, label: str) -> list[str]:
        told = [self._voice.message(trouble), self._voice.say(trouble.move, **trouble.values)]
        room = self._room - 2 - width(label)
        lines = [part for text in told if text for part in wrap(self._ink.glyphs(text), room)]
        return [f"  {label if n == 0 else ' ' * width(label)}{self._ink(text, 'red')}" for n, text in enumerate(lines)]

    def faults(self, state: State) -> list[str]:
        """Say each fault that is on, a line each."""
        return [self._ink(f"  {fault_words(fault, self._voice)}", "yellow") for fault in state.faults]

    def answer(self, answer: Answered, *, most: int | None = None) -> str:
        """Say what a request came to: the reply, at most ``most`` lines of its body, and the wire."""
        tone, said = outcome_of(answer, self._voice)
        lines = [self._ink(said, _STYLES[tone]), *self._body(answer, most)]
        return "\n".join([*lines, "", *self._wire(answer)])

    def answers(self, answers: Sequence[Answered]) -> str:
        """Say what came of a request that was sent several times at once."""
        return "\n".join(
            self._ink(self._ink.glyphs(text), _STYLES[tone]) for tone, text in crowd_told(answers, self._voice)
        )

    def rows(self, rows: Rows, *, wide: bool = False) -> str:
        """Say what SQL came to; ``wide``: in lines as long as they are."""
        return "\n".join(row_lines(rows, self._voice, self._ink, None if wide else self._room))

    def streams(self, found: Look | Sequence[Stream], *, wide: bool = False) -> str:
        """Say which streams there are, or what is in one of them; ``wide`` as for rows."""
        return "\n\n".join("\n".join(self._told(each, wide=wide)) for each in streams_told(found, self._voice))

    def _told(self, told: Told, *, wide: bool) -> list[str]:
        room = self._room
        title = [self._ink(part, "bold") for part in wrap(self._ink.glyphs(told.title), room)] if told.title else []
        rows = table_lines(told.rows, self._voice, self._ink, None if wide else room) if told.rows else []
        below = [self._ink(part, "dim") for part in wrap(self._ink.glyphs(told.below), room)] if told.below else []
        return [*title, *rows, *below]

    def _body(self, answer: Answered, most: int | None) -> list[str]:
        lines = self._ink.glyphs(body_of(answer)).splitlines()
        if most is None or len(lines) <= most:
            return lines
        left = self._voice.say(N_("… {count} more lines: --whole shows them"), count=len(lines) - most)
        return [*lines[:most], self._ink(left, "dim")]

    def _wire(self, answer: Answered) -> list[str]:
        label = self._ink.glyphs(self._voice.say(N_("on the wire")))
        margin = width(label) + len(_GAP)
        told = wire_lines(rows(answer.wire, self._voice, fold=True), self._room - margin, self._ink, self._voice)
        lines = [self._ink(text, _TONES[tone]) for text, tone in told]
        first = [self._ink(label, "dim") + _GAP + text for text in lines[:1]]
        return [*first, *(" " * margin + text for text in lines[1:])]


def outcome_of(answer: Answered, voice: Voice) -> tuple[str, str]:
    """Return how a request went ("", "odd", "bad") and what to say of it: "200 OK   0.81 s   application/json"."""
    if answer.status is not None:
        tone = "" if answer.status < _GOOD else "odd" if answer.status < _BAD else "bad"
        parts = [_status(answer.status), duration(answer.seconds), line(answer.content_type, 80)]
        return tone, _GAP.join(part for part in parts if part)
    if any(e.note == IN_TIME for e in answer.wire if e.caller == "you"):
        return "bad", voice.say(N_("… still waiting after {seconds:.1f} s"), seconds=answer.seconds)
    error = error_from(answer.error or {"kind": "NoReply", "message": "?", "move": "", "values": {}})
    return "bad", " ".join(voice.say(part, **error.values) for part in (error.message, error.move) if part)


def crowd_told(answers: Sequence[Answered], voice: Voice) -> list[tuple[str, str]]:
    """Return what came of requests that were sent at once, a line for each outcome, the most frequent first."""
    longest: dict[tuple[str, str], float] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for answer in answers:
        said = voice.say(N_("no reply")) if answer.status is None else _status(answer.status)
        outcome = outcome_of(answer, voice)[0], said
        counted[outcome] += 1
        longest[outcome] = max(longest.get(outcome, 0.0), answer.seconds)
    told = N_("{count} × {what}   {seconds} at the most")
    return [
        (tone, voice.say(told, count=count, what=what, seconds=duration(longest[tone, what])))
        for (tone, what), count in counted.most_common()
    ]


def body_of(answer: Answered) -> str:
    """Return the body as people read it: JSON with indents, all else as it came, control characters written out."""
    return block(pretty(answer.body) if "json" in answer.content_type else answer.body, 200_000)


def pretty(text: str) -> str:
    """Return JSON with indents; what is none comes back."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def fault_words(fault: FaultNow, voice: Voice) -> str:
    """Return a fault in words: "users hangs for orders, shop: 3 requests have met it"."""
    return voice.say(
        N_("{callee} {what} for {callers}; requests that have met it: {met}"),
        callee=fault.callee,
        what=voice.term(fault.what),
        callers=", ".join(fault.callers),
        met=fault.met,
    )


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
