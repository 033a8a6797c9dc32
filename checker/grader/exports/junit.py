"""One student's checks as JUnit XML: a file for each student, for that is what CI tools collect by a pattern (junit/*.xml).

Jenkins' junit-10.xsd (jenkinsci/xunit-plugin; pytest-dev/pytest keeps it as testing/example_scripts/junit-10.xsd) is what
GitLab, GitHub's actions and Azure read as well. Failed is a failure; blocked behind the work is skipped; what is ours is an
error; what could not be read is one failed case, and what is missing one skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from checker.errors import N_
from checker.grader.exports.sentences import explained, number, reason
from checker.grader.exports.shown import One, Shown
from checker.grader.exports.subject import Subject
from checker.grader.model import Status
from checker.outcome import Outcome
from checker.report.clean import block, line
from checker.report.parts import claim_text
from checker.report.words import Voice

__all__ = ["junit_xml"]

_KINDS = {Outcome.FAILED: "failure", Outcome.BLOCKED: "skipped", Outcome.BROKEN: "error"}


def junit_xml(one: One, subject: Subject) -> str:
    """Return the file: one testsuite, named by the student's key."""
    root = Element("testsuites")
    suite = SubElement(root, "testsuite", name=line(one.student.key, 200))
    _properties(suite, one)
    cases = list(_cases(one, subject))
    suite.extend(cases)
    counts = {kind: str(sum(case.find(kind) is not None for case in cases)) for kind in _KINDS.values()}
    suite.attrib |= {
        "tests": str(len(cases)),
        "failures": counts["failure"],
        "errors": counts["error"],
        "skipped": counts["skipped"],
        "time": f"{one.seconds:.3f}",
    }
    if at := one.entry.graded_at:
        suite.set("timestamp", f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, "unicode")}\n'


def _properties(suite: Element, one: One) -> None:
    mark = one.mark
    told = {
        "status": mark.status.value,
        "points": "" if mark.points is None else number(mark.points),
        "most": number(mark.most),
        "penalty": number(mark.penalty),
        "sandbox": one.sandbox,
    }
    properties = SubElement(suite, "properties")
    for name, value in told.items():
        SubElement(properties, "property", name=name, value=line(value, 200))


def _cases(one: One, subject: Subject) -> Iterator[Element]:
    for shown in one.checks:
        yield _case(shown, subject)
    if not one.checks:
        kinds = {Status.MALFORMED: "failure", Status.MISSING: "skipped"}
        case = Element("testcase", classname=subject.lab.name, name="handed in", time="0.000")
        said = explained(one, subject.voice)
        told = SubElement(case, kinds.get(one.mark.status, "error"), message=line(said[0] if said else "", 400))
        told.text = block("\n".join(said))
        yield case


def _case(shown: Shown, subject: Subject) -> Element:
    check, voice = shown.result, subject.voice
    home = "private" if shown.private else line(check.lab, 80)
    name = claim_text(check, voice) if shown.private else line(check.name, 200)
    case = Element("testcase", classname=home, name=name, time=f"{check.seconds:.3f}")
    if kind := "error" if shown.ours else _KINDS.get(check.outcome):
        told = SubElement(case, kind, message=line(_message(shown, voice), 400))
        told.text = block("\n".join(filter(None, (claim_text(check, voice), check.assertion, voice.next_move(check)))))
        if shown.private:
            told.text = claim_text(check, voice)
    return case


def _message(shown: Shown, voice: Voice) -> str:
    said = reason(shown.result.message, voice) or shown.result.assertion
    return said or voice.say(N_("It came to this: {outcome}."), outcome=voice.outcome(shown.result.outcome))
