"""The reference of the commands, from the commands themselves: for the site."""

from __future__ import annotations

from collections.abc import Sequence

import click

from checker.cli.main import COMMANDS, cli
from checker.errors import N_, EngineFault
from checker.language import translator

__all__ = ["reference"]

_HEADS = {"en": ("Option", "What it does"), "zh": ("选项", "作用")}


def reference(names: Sequence[str], language: str) -> str:
    """Return these commands as Markdown: what each does, how it is called, its options. Raises EngineFault for a stranger."""
    for name in names:
        if name not in COMMANDS:
            raise EngineFault(
                N_("The site speaks of a command {name!r}, which there is not."),
                N_("There are: {known}."),
                name=name,
                known=", ".join(COMMANDS),
            )
    top = click.Context(cli, info_name="seamwork")
    return "\n\n".join(_command(top, name, language) for name in names)


def _command(top: click.Context, name: str, language: str) -> str:
    command = cli.get_command(top, name)
    if command is None:
        raise EngineFault(N_("The command {name!r} is not there."), name=name)
    context = click.Context(command, parent=top, info_name=name)
    usage = " ".join(["seamwork", name, *command.collect_usage_pieces(context)])
    say = translator(language)
    more = " ".join((command.help or "").split())
    parts = [say(COMMANDS[name]), f"```text\n{usage}\n```", more and _text(say(more)), _options(context, language)]
    return "\n\n".join([f"### seamwork {name} {{ #{name} }}", *(part for part in parts if part)])


def _options(context: click.Context, language: str) -> str:
    """Return the options as a table, without `--help`, which everybody has."""
    options = [param for param in context.command.params if isinstance(param, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context))]
    if not records:
        return ""
    rows = [_HEADS[language], ("---", "---"), *((_codes(names), _text(words)) for names, words in records)]
    return "\n".join(f"| {option} | {words} |" for option, words in rows)


def _codes(names: str) -> str:
    """Return each name of an option as code of its own; lines are broken between them alone."""
    return ", ".join(f"`{name}`{{ .sw-name }}" for name in names.split(", "))


def _text(words: str) -> str:
    """Return words as Markdown that says just them."""
    return words.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
