"""Each word that a report says of its own, marked for translation, and the voice that says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from checker.errors import N_
from checker.outcome import CheckResult, Localised, Message, Outcome
from checker.report.clean import block, line

__all__ = ["OUTCOMES", "Translate", "Voice", "hint_command", "identity", "lab_number"]

Translate = Callable[[str], str]

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.PASSED: N_("passed"),
    Outcome.FAILED: N_("failed"),
    Outcome.BLOCKED: N_("blocked"),
    Outcome.BROKEN: N_("broken"),
}
_TERMS = frozenset(
    {
        # faults
        N_("hangs"),
        N_("resets"),
        N_("delays {number} s"),
        N_("answers {number}"),
        N_("answers raw bytes"),
        N_("drops the answer"),
        N_("sends half a body"),
        N_("sends garbage"),
        N_("holds"),
        N_("refuses"),
        N_("healed"),
        # what was odd about an exchange
        N_("not HTTP"),
        N_("refused"),
        N_("closed before a reply"),
        N_("reset before a reply"),
        N_("half of the body"),
        N_("the caller left"),
        N_("no reply within {number} s"),
        N_("answered {number}, and the answer was dropped"),
        # what a run was made on
        N_("python"),
        N_("backing"),
        N_("start"),
    }
)
"""Words of the ledger and of a run's environment, as they come in; a number in them is taken out first."""

_FILLING = (KeyError, IndexError, ValueError, TypeError, AttributeError)


def identity(message: str) -> str:
    """Translate nothing."""
    return message


def lab_number(lab: str) -> str:
    """Return the number of a lab: "03" of "03-calls"."""
    return lab.partition("-")[0]


@dataclass(frozen=True)
class Voice:
    """A language: ``lang`` picks among the texts of a course, ``translate`` looks up the words that are ours."""

    lang: str = "en"
    translate: Translate = identity

    def say(self, message: str, /, **values: Any) -> str:
        """Return a marked message in this language, its values filled in; never raises, whatever the catalogue holds."""
        if not message:
            return ""  # gettext answers its own header to an empty id
        spoken = {name: self._spoken(value) for name, value in values.items()}
        for template in (self.translate(message), message):
            with suppress(*_FILLING):
                return block(template.format(**spoken))
        return block(message)

    def pick(self, text: Localised) -> str:
        """Return a text of the course in this language, else in English, else in the one there is."""
        return block(text.get(self.lang) or text.get("en") or next(iter(text.values()), ""))

    def message(self, message: Message | None) -> str:
        """Return what a message says, without its next move."""
        return self.say(message.id, **message.values) if message else ""

    def next_move(self, check: CheckResult) -> str:
        """Return what to do about a check: its own next move, else the hint; nothing once it has passed."""
        move = self.say(check.message.move, **check.message.values) if check.message else ""
        return move or (hint_command(check) if check.outcome is Outcome.FAILED else "")

    def outcome(self, outcome: Outcome) -> str:
        """Return the word for an outcome."""
        return self.say(OUTCOMES[outcome])

    def term(self, text: str) -> str:
        """Return a short word of the ledger ("hangs", "answers 503", "not HTTP") in this language; others as they are."""
        number = re.search(r"\d+(?:\.\d+)?", text)
        term = text.replace(number[0], "{number}", 1) if number else text
        if term not in _TERMS:
            return line(text, 200)
        return self.say(term, number=number[0] if number else "")

    def party(self, name: str) -> str:
        """Return who calls or is called: the learner is "you", a service its own name."""
        return self.say(N_("you")) if name == "you" else line(name, 60)

    def by_us(self, fault: str) -> str:
        """Return a fault, and whose doing it was: "hangs (by us)"."""
        return f"{self.term(fault)} ({self.say(N_('by us'))})"

    def _spoken(self, value: object) -> object:
        if isinstance(value, Message):
            return self.message(value)
        if isinstance(value, Mapping) and "en" in value:
            return self.pick(value)
        return value


def hint_command(check: CheckResult) -> str:
    """Return the command that hints at a check."""
    return f"seamwork hint {line(lab_number(check.lab), 20)}"
