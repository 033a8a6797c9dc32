"""HTML elements that cannot be forgotten to be escaped: what goes in is cleaned and escaped, unless it is an element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from checker.report.clean import block

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "elements", "tag"]

Child = str | int | float | Markup | None

_VOID = frozenset({"meta"})


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element. ``cls`` is the class, ``aria_label`` is aria-label, True a bare attribute; None and False none.

    A ``str`` in it is data: cleaned, then escaped. None is left out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    opening = f"<{name}{given}{' /' * (name in _VOID)}>"
    inner = "" if name in _VOID else f"{_joined(children)}</{name}>"
    return Markup(f"{opening}{inner}")  # noqa: S704  (each part of it was escaped just now)


def elements(children: Iterable[Child]) -> Markup:
    """Return elements and texts one after the other."""
    return Markup(_joined(children))  # noqa: S704  (as above)


def _joined(children: Iterable[Child]) -> str:
    shown = (child if isinstance(child, Markup) else escape(block(child)) for child in children if child is not None)
    return "".join(shown)


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = {"cls": "class"}.get(key, key.replace("_", "-"))
    return f' {name}=""' if value is True else f' {name}="{escape(block(value))}"'
