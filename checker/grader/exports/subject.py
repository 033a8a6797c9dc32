"""What the exports tell, and in which language: the lab, and what is said of each check whose name a mark holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from checker.course import CheckMeta, Lab
from checker.grader.marks import PRIVATE
from checker.report.clean import line
from checker.report.words import Voice

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """One lab as it is told. ``column`` is what Canvas calls it; ``classroom`` is Classroom 50's word for the class."""

    lab: Lab
    voice: Voice
    private: Mapping[str, CheckMeta] = field(default_factory=dict)
    before: Sequence[Lab] = ()
    column: str = ""
    classroom: str = ""

    @property
    def title(self) -> str:
        """The lab as people call it: "03-calls: Calls that survive"."""
        said = line(self.voice.pick(self.lab.title), 120)
        return f"{self.lab.name}: {said}" if said else self.lab.name

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Where the checks stand in a table: the lab's, then the private ones, then those of the labs before."""
        earlier = [f"{lab.number}:{name}" for lab in self.before for name in lab.checks]
        names = [*self.lab.checks, *(PRIVATE + name for name in self.private), *earlier]
        return {name: at for at, name in enumerate(names)}

    def claim(self, name: str) -> str:
        """Return what a check claims, by the name that a mark has for it; its name where nothing is said."""
        _, _, case = name.partition("[")
        said = line(self.voice.pick(self.said(name).claim), 400)
        return f"{said} [{line(case, 80)}" if said and case else said or line(name, 200)

    def said(self, name: str) -> CheckMeta:
        """Return what is said about a check, by the name that a mark has for it."""
        base = name.partition("[")[0]
        if base.startswith(PRIVATE):
            return self.private.get(base.removeprefix(PRIVATE), CheckMeta())
        number, _, name = base.rpartition(":")
        labs = [lab for lab in self.before if lab.number == number] if number else [self.lab]
        return labs[0].check(name) if labs else CheckMeta()
