"""One student's results.json for Gradescope, as its autograder specification has it.

https://gradescope-autograders.readthedocs.io/en/latest/specs/: ``score`` overrides the tests' sum, so that it can be what
is left after a penalty; ``visibility`` is visible, hidden, after_due_date or after_published; "text" renders no markup.
"""

from __future__ import annotations

from typing import Any

from checker.errors import N_
from checker.grader.exports.sentences import explained, readable, verdict
from checker.grader.exports.shown import One, Shown
from checker.grader.exports.subject import Subject
from checker.outcome import Outcome
from checker.report.clean import block, line
from checker.report.parts import claim_text
from checker.report.words import Voice

__all__ = ["gradescope_results"]


def gradescope_results(one: One, subject: Subject) -> dict[str, Any] | None:
    """Return the values; None where there is no mark, for Gradescope takes an absent score for a crash, or for a zero.

    Students see private checks once the marks are published. What came to nothing through our fault is left out: a test
    there is either passed or failed.
    """
    mark, voice = one.mark, subject.voice
    if mark.points is None:
        return None
    told = [verdict(mark, voice), *explained(one, voice)]
    return {
        "score": mark.points,
        "execution_time": round(one.seconds),
        "output": block("\n".join(told)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(shown, voice) for shown in one.checks if not shown.ours] or [_unread(one, voice)],
    }


def _test(shown: Shown, voice: Voice) -> dict[str, Any]:
    test = {
        "name": claim_text(shown.result, voice),
        "status": "passed" if shown.result.outcome is Outcome.PASSED else "failed",
        "output": "" if shown.private else block(_output(shown, voice)),
        "output_format": "text",
        "visibility": "after_published" if shown.private else "visible",
    }
    return test | ({"score": shown.earned, "max_score": shown.worth} if shown.worth else {})


def _output(shown: Shown, voice: Voice) -> str:
    """Say what was seen; nothing for what passed."""
    check = shown.result
    if check.outcome is Outcome.PASSED:
        return ""
    labelled = [
        (N_("why"), voice.pick(check.why)),
        (N_("next"), voice.next_move(check)),
        (N_("read"), _place(shown, voice)),
    ]
    advice = [f"{voice.say(name)}: {text}" for name, text in labelled if text]
    return "\n".join(
        filter(None, (voice.outcome(check.outcome), voice.message(check.message), check.assertion, *advice))
    )


def _place(shown: Shown, voice: Voice) -> str:
    return voice.pick(shown.result.place) or line(shown.result.read, 200)


def _unread(one: One, voice: Voice) -> dict[str, Any]:
    """Return the one test of a hand-in that could not be read."""
    return {
        "name": readable(voice),
        "status": "failed",
        "score": 0.0,
        "max_score": one.mark.most,
        "output_format": "text",
        "visibility": "visible",
    }
