"""What the commands on the shop that is up share."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from checker.cli.common import colour, open_workspace, unicode_ok
from checker.errors import SeamworkError
from checker.language import language, translator
from checker.report.ink import Ink
from checker.report.words import Voice
from checker.session.up import Up
from checker.session.up_text import Words

if TYPE_CHECKING:
    from pathlib import Path

    import click

__all__ = ["complete_process", "complete_service", "complete_stream", "open_up", "words"]


def open_up(workspace: Path | None) -> Up:
    """Return what is up in the workspace named, or around the current folder; whether anything is, it says itself."""
    return Up(open_workspace(workspace).path)


def words() -> Words:
    """Return the words for this terminal."""
    voice = Voice(language(), translator(language()))
    ink = Ink(color=colour(), unicode=unicode_ok())
    return Words(voice, ink, shutil.get_terminal_size((100, 24)).columns)


def complete_service(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of services in the shell."""
    with suppress(SeamworkError):
        services = open_up(ctx.params.get("workspace")).state().services
        return [service.name for service in services if service.name.startswith(incomplete)]
    return []


def complete_stream(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of streams in the shell."""
    with suppress(SeamworkError):
        streams = open_up(ctx.params.get("workspace")).streams()
        return [stream.name for stream in streams if stream.name.startswith(incomplete)]
    return []


def complete_process(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of processes that are only called."""
    with suppress(SeamworkError):
        return [name for name in open_up(ctx.params.get("workspace")).callable() if name.startswith(incomplete)]
    return []
