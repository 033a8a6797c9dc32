"""A reply as a check sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from checker.errors import N_, BadReply
from checker.evidence.strict_json import ListOfValues, Object, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.evidence.asking import Ask

__all__ = ["Reply"]

SHOWN = 80
"""Characters of what was sent instead that a message shows."""


@dataclass(frozen=True, eq=False)
class Reply:
    """A whole HTTP reply. ``reply["id"]`` is a field of its JSON; what is missing there is a BadReply.

    ``elapsed``: seconds from before connecting to the last byte.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    elapsed: float
    ask: Ask
    host: str = field(repr=False)

    @property
    def asked(self) -> str:
        """What was asked: "GET /orders/1"."""
        return str(self.ask)

    @property
    def url(self) -> str:
        """Where it was asked: "http://127.0.0.1:41233/orders/1"."""
        return f"http://{self.host}{self.ask.target}"

    @property
    def again(self) -> str:
        """A command line that asks the same."""
        return self.ask.curl(self.host)

    @cached_property
    def text(self) -> str:
        """The body as UTF-8; BadReply if it is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise BadReply(N_("The reply to {asked} is not UTF-8: {error}."), asked=self.asked, error=error) from None

    @cached_property
    def json(self) -> Any:
        """The body as JSON, read strictly; BadReply if it is none."""
        try:
            return parse(self.text)
        except ValueError as error:
            raise BadReply(
                N_("The reply to {asked} is not JSON ({error}): {text!r}"),
                asked=self.asked,
                error=error,
                text=self.text[:SHOWN],
            ) from None

    def __getitem__(self, key: Any) -> Any:
        """Return a field of the JSON object, or an item of the array; ``reply["lines", 0, "sku"]`` goes further in.

        BadReply, with the path, where it is not there or what holds it is of another type.
        """
        value = self.json
        path = ""
        for step in key if isinstance(key, tuple) else (key,):
            if not isinstance(value, Object if isinstance(step, str) else ListOfValues):
                raise _other_type(path, value, step)
            value = value[step]
            path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}".lstrip(".")
        return value

    def __contains__(self, key: object) -> bool:
        """Whether the JSON object has the field, or the array the item."""
        return isinstance(self.json, (dict, list)) and key in self.json

    def __iter__(self) -> Iterator[Any]:
        """Go through the items of the JSON array; BadReply if it is none."""
        if not isinstance(self.json, list):
            raise BadReply(
                N_("The reply to {asked} is {kind}, where a list is due."), asked=self.asked, kind=_kind(self.json)
            )
        return iter(self.json)


def _other_type(path: str, value: Any, step: Any) -> BadReply:
    return BadReply(
        N_("{where} is {kind}, so it has no {step!r}."),
        where=f"reply field {path}" if path else "reply",
        kind=_kind(value),
        step=step,
    )


def _kind(value: Any) -> str:
    """Return what JSON calls it."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")
