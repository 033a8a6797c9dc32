"""What several faces of the map say alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.clean import line

if TYPE_CHECKING:
    from checker.coupling.model import CouplingMap
    from checker.report.words import Voice

__all__ = ["numbers", "source"]


def numbers(drawn: CouplingMap, voice: Voice) -> list[tuple[str, str]]:
    """Return the three numbers as label and value; what could not be seen is "?"."""
    found = drawn.numbers
    return [
        (voice.say(N_("imports across domains")), str(found.imports_across)),
        (voice.say(N_("tables touched by others")), str(found.tables_shared) if drawn.queries_seen else "?"),
        (voice.say(N_("calls for one order")), str(found.calls_per_order)),
    ]


def source(service: str, module: str, voice: Voice) -> str:
    """Return who asked: a module by its own name, else the service, else that nobody knows."""
    if module:
        return line(module.rpartition(".")[2], 60)
    return line(service, 60) if service else voice.say(N_("somebody"))
