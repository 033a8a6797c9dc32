"""The coupling map: who imports, calls and queries whom in the learner's system. A picture; it decides no verdict.

Each face is imported when it is first asked for: who draws a map need not know how one is observed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.coupling.html import render_fragment, render_page
    from checker.coupling.kept import earlier, keep
    from checker.coupling.model import CouplingMap, Numbers
    from checker.coupling.observing import observe
    from checker.coupling.svg import render_svg
    from checker.coupling.text import render_text

__all__ = [
    "CouplingMap",
    "Numbers",
    "earlier",
    "keep",
    "observe",
    "render_fragment",
    "render_page",
    "render_svg",
    "render_text",
]

_HOMES = {
    "CouplingMap": "model",
    "Numbers": "model",
    "earlier": "kept",
    "keep": "kept",
    "observe": "observing",
    "render_fragment": "html",
    "render_page": "html",
    "render_svg": "svg",
    "render_text": "text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
