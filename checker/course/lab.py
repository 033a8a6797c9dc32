"""A lab: its folder's name, its lab.toml, and what its checks claim."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from checker.course.claims import claims_in
from checker.course.strict import Table, read_toml
from checker.errors import N_, EngineFault, SeamworkError

__all__ = ["LANGUAGES", "LINES", "NEEDS", "CheckMeta", "Lab", "Text"]

LANGUAGES = ("en", "zh")
LINES = 120
"""Lines of logic that a learner writes by hand in one lab, at most, where lab.toml says nothing else."""

NEEDS = ("postgresql", "redis", "consul", "etcd", "vault", "docker", "registry", "kubernetes")
"""What a lab may need beyond Python."""

Text = Mapping[str, str]
"""A text in each language."""

_FOLDER = re.compile(r"(?P<number>\d\d)-(?P<short>[a-z0-9]+(-[a-z0-9]+)*)")
_PRACTICE = re.compile(r"P\d+b?")
_REPLACED = re.compile(r"\d\d:test_\w+")
_NAMED = re.compile(r"^(?P<names>(?:\([\w-]+\)=[ ]*\n)+)#+ +(?P<heading>\S.*)$", re.MULTILINE)
_PLACES = {"en": 'notebooks/{lab}.ipynb, "{heading}"', "zh": "notebooks/{lab}.zh.ipynb，“{heading}”"}
_STEPS = 3  # where to look, what to do, almost the code


@dataclass(frozen=True)
class CheckMeta:
    """What is said about a check beside its code. ``hints`` are three a language; ``read`` is an anchor in the guide."""

    claim: Text = field(default_factory=dict)
    points: float = 1.0
    why: Text = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: str = ""


@dataclass(frozen=True)
class Lab:
    """One lab of the course.

    ``minutes`` to do it; ``lines`` of logic that the learner writes by hand, at most; ``replaces`` names earlier checks
    that it makes untrue ("01:test_x").
    """

    folder: Path
    number: str  # "01"
    short: str  # "boundaries"
    title: Text = field(hash=False)
    minutes: int
    lines: int
    teaches: tuple[str, ...]
    needs: tuple[str, ...]
    replaces: tuple[str, ...]
    weight: float  # 0: the sum of the checks' points
    said: Mapping[str, CheckMeta] = field(
        repr=False, hash=False
    )  # what lab.toml says about checks; their claims are not in it

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a lab's folder. Raises EngineFault that names file, key, value and the next move."""
        name = _FOLDER.fullmatch(folder.name)
        if not name:
            raise EngineFault(
                N_("{folder} is no name for a lab."),
                N_("Two digits, a dash, and small letters: 07-compose."),
                folder=folder.name,
            )
        table = read_toml(folder / "lab.toml")
        lab = cls(
            folder=folder,
            number=name["number"],
            short=name["short"],
            title=_text(table, "title"),
            minutes=table.take("minutes", int),
            lines=table.take("lines", int, LINES),
            teaches=_matching(table, "teaches", _PRACTICE, "a practice such as P3"),
            needs=_matching(table, "needs", re.compile("|".join(NEEDS)), "one of " + ", ".join(NEEDS)),
            replaces=_matching(table, "replaces", _REPLACED, 'a lab\'s number and a check, "01:test_x"'),
            weight=table.take("points", float, 0.0),
            said=_said(table.table("checks")),
        )
        table.close()
        return lab

    @property
    def name(self) -> str:
        """The folder's name, "01-boundaries"."""
        return self.folder.name

    @property
    def points(self) -> float:
        """What the whole lab is worth: as lab.toml says, or else the sum of its checks' points."""
        return self.weight or sum(check.points for check in self.checks.values())

    @cached_property
    def checks(self) -> Mapping[str, CheckMeta]:
        """Each check by its function's name, in the order of files and lines. Raises EngineFault as ``claims_in`` does."""
        claims = claims_in(self.folder / "checks")
        for name in self.said:
            if name not in claims:
                raise EngineFault(
                    N_("{file} speaks of the check {name}, which is not in {folder}/checks."),
                    N_("There are: {known}. Mend the name, or take the entry out."),
                    file=self.folder / "lab.toml",
                    name=name,
                    folder=self.name,
                    known=", ".join(claims),
                )
        return {name: _with_claim(self.said.get(name, CheckMeta()), claim) for name, claim in claims.items()}

    def check(self, name: str) -> CheckMeta:
        """Return what is said about a check; "test_x[1]" goes by "test_x". Nothing is said about a stranger."""
        return self.checks.get(name.partition("[")[0], CheckMeta())

    def read(self, name: str) -> str:
        """Return where to read on about a check: "labs/01-boundaries#narrow"."""
        anchor = self.check(name).read
        return f"labs/{self.name}#{anchor}" if anchor else f"labs/{self.name}"

    def place(self, name: str) -> Text:
        """Return the same as a workspace has it: the notebook, and the heading in it. Nothing where none is named."""
        read = self.check(name).read
        found = {language: headings.get(read) for language, headings in self.headings.items()}
        return {
            language: _PLACES[language].format(lab=self.name, heading=heading)
            for language, heading in found.items()
            if heading
        }

    @cached_property
    def headings(self) -> Mapping[str, Text]:
        """In each language, the headings of the guide that have a name: {"en": {"narrow": "Keep the door narrow"}}."""
        return {language: _headings(self.guide(language)) for language in LANGUAGES}

    def guide(self, language: str) -> Path:
        """Return the lesson's file in a language; whether it is there is not asked."""
        return self.folder / ("guide.md" if language == "en" else f"guide.{language}.md")

    def gaps(self) -> list[SeamworkError]:
        """List what is missing for a lab to be complete: claims, reasons and hints of each check, in each language."""
        gaps: list[SeamworkError] = []
        for name, check in self.checks.items():
            for language in LANGUAGES:
                for what, said in (("claim", check.claim), ("why", check.why), ("hints", check.hints)):
                    if language not in said:
                        gaps.append(_gap(self, name, what, language))
        return gaps


def _headings(guide: Path) -> Text:
    found = _NAMED.finditer(guide.read_text("utf-8")) if guide.is_file() else ()
    return {name: each["heading"].rstrip() for each in found for name in re.findall(r"[\w-]+", each["names"])}


def _gap(lab: Lab, check: str, what: str, language: str) -> SeamworkError:
    homes = {("claim", "en"): "the check's docstring", ("claim", "zh"): "checks/claims.zh.toml"}
    return EngineFault(
        N_("{lab}: {check} lacks its {what} in {language}."),
        N_("Write it in {home}."),
        lab=lab.name,
        check=check,
        what=what,
        language=language,
        home=homes.get((what, language), "lab.toml"),
    )


def _with_claim(check: CheckMeta, claim: Text) -> CheckMeta:
    return CheckMeta(claim, check.points, check.why, check.hints, check.read)


def _text(table: Table, key: str) -> Text:
    texts = table.table(key, optional=False)
    text = {language: texts.take(language, str) for language in LANGUAGES}
    texts.close()
    return text


def _matching(table: Table, key: str, pattern: re.Pattern[str], expected: str) -> tuple[str, ...]:
    values = table.texts(key, default=[])
    for value in values:
        if not pattern.fullmatch(value):
            raise table.wrong(key, value, expected)
    return values


def _said(table: Table) -> Mapping[str, CheckMeta]:
    return {name: _check(table.table(name)) for name in table.keys()}  # noqa: SIM118  (taking empties it)


def _check(table: Table) -> CheckMeta:
    why = _text(table, "why") if "why" in table.keys() else {}  # noqa: SIM118  (no mapping)
    hints = _hints(table.table("hints")) if "hints" in table.keys() else {}  # noqa: SIM118
    check = CheckMeta({}, table.take("points", float, 1.0), why, hints, table.take("read", str, ""))
    table.close()
    return check


def _hints(table: Table) -> Mapping[str, tuple[str, ...]]:
    hints = {language: table.texts(language) for language in LANGUAGES}
    for language, steps in hints.items():
        if len(steps) != _STEPS:
            raise table.wrong(language, list(steps), "three hints: where to look, what to do, almost the code")
    table.close()
    return hints
