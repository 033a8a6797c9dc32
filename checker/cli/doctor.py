"""seamwork doctor: what is here, what is missing, what each lab needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from checker.cli.common import colour, open_course, tell, unicode_ok
from checker.cli.probes import PROBES, Finding, look
from checker.cli.remedies import remedy
from checker.errors import N_
from checker.language import language, say

if TYPE_CHECKING:
    from checker.course import Lab

__all__ = ["command"]

ALWAYS = (
    "python",
    "git",
    "environment",
    "postgresql",
    "redis",
    "fork",
    "disk",
    "memory",
    "shm",
    "write",
    "postgresql-path",
    "redis-path",
    "docker",
)
"""What is looked at whatever the labs need."""
INSTEAD = {"postgresql": ("postgresql", "postgresql-path", "docker"), "redis": ("redis", "redis-path", "docker")}
"""What serves a need, where it is not that alone."""
TIMED = ("postgresql", "redis", "fork")
MARKS = {True: "✓", False: "✗", None: "○"}


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help=N_("The same as JSON."))
def command(*, as_json: bool) -> None:
    labs = open_course().labs
    needs = dict.fromkeys(need for lab in labs for need in lab.needs)
    findings = _look_at([*ALWAYS, *(need for need in needs if need not in ALWAYS)])
    lacking = {lab: _lacking(lab, findings) for lab in labs}
    fit = not any(lacking.values())
    if as_json:
        click.echo(json.dumps(_plain(findings, lacking, fit=fit), ensure_ascii=False, indent=2))
    else:
        _tell(findings, lacking)
    sys.exit(0 if fit else 1)


def _look_at(names: Sequence[str]) -> dict[str, Finding]:
    """Ask all probes at once, those whose time is told one after the other."""
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        jobs = {name: pool.submit(_ask, name) for name in names if name not in TIMED}
        timed = {name: _ask(name) for name in names if name in TIMED}
        return {name: timed[name] if name in timed else jobs[name].result() for name in names}


def _ask(name: str) -> Finding:
    return look(name, PROBES[name][1], vital=PROBES[name][2])


def _lacking(lab: Lab, findings: Mapping[str, Finding]) -> list[str]:
    """Name what a lab needs and is not here."""
    vital = [name for name, finding in findings.items() if finding.vital and not finding.here]
    needed = [need for need in lab.needs if not any(findings[way].here for way in INSTEAD.get(need, (need,)))]
    return [*vital, *needed]


def _plain(findings: Mapping[str, Finding], lacking: Mapping[Lab, list[str]], *, fit: bool) -> dict[str, Any]:
    return {
        "fit": fit,
        "machine": [
            {
                **asdict(finding),
                "what": say(PROBES[finding.name][0]),
                "remedy": "" if finding.here else remedy(finding.name),
            }
            for finding in findings.values()
        ],
        "labs": [
            {"lab": lab.name, "needs": list(lab.needs), "lacking": lacks, "fit": not lacks}
            for lab, lacks in lacking.items()
        ],
    }


def _tell(findings: Mapping[str, Finding], lacking: Mapping[Lab, list[str]]) -> None:
    matters = {name for lacks in lacking.values() for name in lacks}
    column = max(len(say(PROBES[name][0])) for name in findings) + 2
    for name, finding in findings.items():
        mark = True if finding.here else False if finding.vital or name in matters else None
        _line(mark, f"{say(PROBES[name][0]):<{column}}{finding.said}")
        if mark is False and (command := remedy(name)):
            click.echo(" " * (column + 2) + command)
    click.echo()
    for lab, lacks in lacking.items():
        title = f"{lab.name:<18} {lab.title[language()]}"
        missing = say(N_("   lacks {what}"), what=", ".join(say(PROBES[name][0]) for name in lacks)) if lacks else ""
        _line(not lacks, title + missing)
    if any(lacking.values()):
        first = next(name for lacks in lacking.values() for name in lacks)
        tell(N_("\nnext     {command}"), command=remedy(first) or "seamwork doctor")
    else:
        tell(N_("\nEvery lab there is can run here."))


def _line(mark: bool | None, text: str) -> None:
    sign = MARKS[mark] if unicode_ok() else {True: "+", False: "x", None: "-"}[mark]
    tint = {True: "green", False: "red", None: "yellow"}[mark]
    click.echo(f"{click.style(sign, fg=tint) if colour() else sign} {text}")
