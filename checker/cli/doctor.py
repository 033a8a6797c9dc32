"""seamwork doctor: what is here, what is missing, what each lab needs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from checker.cli.common import colour, open_course, tell, unicode_ok
from checker.cli.probes import PROBES, Finding, load, look
from checker.cli.remedies import PACKAGES, remedy
from checker.cli.room import room_for
from checker.errors import N_
from checker.language import language, say
from checker.report.cells import pad, width, wrap
from checker.report.ink import Ink

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
    "sandbox",
)
"""What is looked at whatever the labs need."""
INSTEAD = {
    "postgresql": ("postgresql", "postgresql-path", "docker"),
    "redis": ("redis", "redis-path", "docker"),
    "consul": ("consul", "docker"),
    "etcd": ("etcd", "docker"),
    "vault": ("vault", "docker"),
}
"""What serves a need, where it is not that alone."""
SERVERS = ("postgresql", "redis")
NAMES = {"postgresql": N_("PostgreSQL"), "redis": N_("Redis")}
"""What a need is called, where it is not as the probe is."""
MARKS = {True: "✓", False: "✗", None: "○"}
TINTS = {True: "green", False: "red", None: "yellow"}


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
    """Ask all probes at once; servers are started one after the other, by the thread that stays."""
    load()
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        jobs = {name: pool.submit(_ask, name) for name in names if name not in SERVERS}
        servers = {name: _ask(name) for name in names if name in SERVERS}
        return {name: servers[name] if name in servers else jobs[name].result() for name in names}


def _ask(name: str) -> Finding:
    return look(name, PROBES[name][1], vital=PROBES[name][2])


def _lacking(lab: Lab, findings: Mapping[str, Finding]) -> list[str]:
    """Name what a lab needs and is not here."""
    room = room_for(lab.needs)
    vital = [name for name, finding in findings.items() if finding.vital and not finding.here]
    needed = [need for need in lab.needs if not any(findings[way].here for way in INSTEAD.get(need, (need,)))]
    wanted = {"disk": room.disk, "memory": room.memory}
    short = [name for name, mebibytes in wanted.items() if (findings[name].free or 0) < mebibytes]
    return list(dict.fromkeys([*vital, *needed, *short]))


def _plain(findings: Mapping[str, Finding], lacking: Mapping[Lab, list[str]], *, fit: bool) -> dict[str, Any]:
    return {
        "fit": fit,
        "machine": [{**asdict(finding), "what": say(PROBES[name][0])} for name, finding in findings.items()],
        "labs": [
            {"lab": lab.name, "needs": list(lab.needs), "room": asdict(room_for(lab.needs)), "lacking": lacks}
            | {"fit": not lacks}
            for lab, lacks in lacking.items()
        ],
    }


def _tell(findings: Mapping[str, Finding], lacking: Mapping[Lab, list[str]]) -> None:
    missing = list(dict.fromkeys(name for lacks in lacking.values() for name in lacks))
    column = max(width(say(PROBES[name][0])) for name in findings) + 2
    for name, finding in findings.items():
        mark = True if finding.here and name not in missing else False if name in missing else None
        _line(mark, pad(say(PROBES[name][0]), column), finding.said)
        if mark is False or (mark is None and name in PACKAGES):
            _below(column, remedy(name) if finding.here else finding.remedy)
    click.echo()
    column = max(width(lab.name) for lab in lacking) + 2
    for lab, lacks in lacking.items():
        _line(not lacks, pad(lab.name, column), " · ".join([lab.title[language()], *_needs(lab, lacks)]))
    if missing:
        tell(N_("\nnext     {command}"), command=_written(findings[missing[0]].remedy or remedy(missing[0])))
    else:
        tell(N_("\nEvery lab there is can run here."))


def _needs(lab: Lab, lacks: Sequence[str]) -> list[str]:
    needs = [say(N_("needs {what}"), what=_names(lab.needs))] if lab.needs else []
    return [*needs, say(N_("lacks {what}"), what=_names(lacks))] if lacks else needs


def _names(names: Sequence[str]) -> str:
    return ", ".join(say(NAMES.get(name, PROBES[name][0])) for name in names)


def _line(mark: bool | None, label: str, said: str) -> None:
    """Print one line, or several: what was seen stays in its column."""
    sign = _written(MARKS[mark])
    first, *more = wrap(said, _columns() - width(label) - 2)
    click.echo(f"{click.style(sign, fg=TINTS[mark]) if colour() else sign} {_written(label + first)}")
    for line in more:
        _below(width(label), line)


def _below(column: int, said: str) -> None:
    """Print under what was seen. It is not broken, for a command is to be copied."""
    if said:
        click.echo(" " * (column + 2) + _written(said))


def _columns() -> int:
    """Return the terminal's width; what goes into a pipe or a file is not broken."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 10_000


def _written(text: str) -> str:
    return Ink(unicode=unicode_ok()).glyphs(text)
