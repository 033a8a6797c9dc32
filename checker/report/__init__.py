"""Results as people and programs read them: terminal, web page, notebook, JSON. Pure functions of the results.

Each face is imported when it is first asked for: a terminal need not wait for HTML.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.report.html import render_html
    from checker.report.json import load_results, results_json, schema
    from checker.report.notebook import render_fragment
    from checker.report.text import render_text

__all__ = ["load_results", "render_fragment", "render_html", "render_text", "results_json", "schema"]

_HOMES = {
    "load_results": "json",
    "render_fragment": "notebook",
    "render_html": "html",
    "render_text": "text",
    "results_json": "json",
    "schema": "json",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
