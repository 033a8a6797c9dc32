"""HTML elements that cannot be forgotten to be escaped: what goes in is cleaned and escaped, unless it is an element."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from checker.report.clean import block

__all__ = ["Child", "elements", "tag"]

Child = str | int | float | Markup | None

_VOID = frozenset({"meta", "line", "rect", "polygon", "path", "circle"})


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element. ``cls`` is the class, ``aria_label`` is aria-label, True a bare attribute; None and False none.

    A ``str`` in it is data: cleaned, then escaped. None is left out.
    """
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    closing = "" if name in _VOID else f"</{name}>"
    return Markup(f"{opening}{elements(children)}{closing}")  # noqa: S704  (each part of it was escaped just now)


def elements(children: Iterable[Child]) -> Markup:
    """Return elements and texts one after the other."""
    return Markup("").join(_shown(child) for child in children if child is not None)


def _shown(child: Child) -> Markup:
    return child if isinstance(child, Markup) else escape(block(child))


def _attribute(key: str, value: str | float | bool | None) -> str:  # noqa: PYI041  (a bool is no float to a reader)
    if value is None or value is False:
        return ""
    name = {"cls": "class"}.get(key, key.replace("_", "-"))
    return f" {name}" if value is True else f' {name}="{escape(block(value))}"'
