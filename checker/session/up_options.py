"""How a shop is put up."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]

FIRST_PORT = 8000


@dataclass(frozen=True)
class Options:
    """``port``: of the first service, the others follow; what is taken is replaced by a free one."""

    backing: str = "embedded"
    cold: bool = False
    port: int = FIRST_PORT
    reload: bool = True
